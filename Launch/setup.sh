#!/usr/bin/env bash
# Brings a Debian machine to where `swift build` works, and is quick where it already is.
#
#   Launch/setup.sh [PACKAGE …]
#
# Checks for a Swift toolchain first, then installs the packages that are missing, as the superuser
# or through sudo.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

# The package needs Swift 6.1: say how to get it when there is none, or an older one.
check_swift() {
  local version major minor
  version="$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')" \
    || version=""
  if [[ -n "$version" ]]; then
    major="${version%%.*}"
    minor="${version#*.}"
    if ((major > 6 || (major == 6 && minor >= 1))); then return; fi
    say "error: this is Swift $version, and the package needs Swift 6.1 or newer."
  else
    say "error: there is no Swift toolchain: \`swift\` is not in PATH."
  fi
  say "  Install one as https://www.swift.org/install/linux/ tells, for instance with swiftly:"
  say "    curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz"
  say "    tar zxf swiftly-$(uname -m).tar.gz && ./swiftly init"
  say "  If it is installed, add its folder to PATH: export PATH=/path/to/swift/usr/bin:\$PATH"
  say "  (sudo drops PATH: run this as yourself; it asks sudo only to install packages)."
  exit 1
}

# Open MPI, OpenBLAS, HDF5, oneDNN, libarchive, zlib, libjpeg-turbo, libpng, libwebp, the tool that finds
# them, and gcc for the libgomp that the linker looks for.
packages=(
  libopenmpi-dev openmpi-bin libopenblas-dev libhdf5-dev libdnnl-dev libarchive-dev
  zlib1g-dev libjpeg62-turbo-dev libpng-dev libwebp-dev pkg-config gcc
  # What else the caller needs.
  "$@"
)

install_missing_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "error: this system has no apt-get, so packages cannot be installed from here."
    say "  Install what Debian calls ${packages[*]}, then: swift build -c release"
    exit 1
  fi
  for package in "${packages[@]}"; do
    if [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]]; then
      missing+=("$package")
    fi
  done
  if ((${#missing[@]} == 0)); then return; fi

  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get)
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      say "error: packages are missing, and here is neither the superuser nor sudo."
      say "  Ask an administrator for: apt-get install ${missing[*]}"
      exit 1
    fi
    apt=(sudo "${apt[@]}")
  fi
  say "Installing ${missing[*]}"
  "${apt[@]}" update
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

check_swift
install_missing_packages
