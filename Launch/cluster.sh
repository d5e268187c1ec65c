#!/usr/bin/env bash
# Runs any `restok` command on N ranks of the hosts of a file.
#
#   Launch/cluster.sh HOSTFILE N ARGUMENTS…
#
# HOSTFILE is Open MPI's: a line for a host, `name slots=RANKS`; every host runs N / hosts ranks. What
# is wrong with it is said with its line, and ends the script with status 64.
# The hosts need ssh without a password, the same program at the same path (a shared file system,
# or copies), the same libraries, and the same number of cores as this machine; otherwise set
# THREADS=K, the threads of a rank. Where hosts have several networks, choose one:
# OMPI_MCA_btl_tcp_if_include=eth0. Inside a batch system, HOSTFILE comes from the scheduler, and
# `--signal=B:USR1@120 --requeue` (Slurm) makes the ranks save two minutes before the limit: the
# exit status 75 means "saved, start me again".
# Ctrl-C, SIGTERM and a closed terminal let the ranks save first. The exit status is restok's.
set -euo pipefail
# shellcheck source=Launch/ranks.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/ranks.sh"
# shellcheck source=Launch/hosts.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/hosts.sh"

if [[ ! "${2:-}" =~ ^[1-9][0-9]{0,5}$ || $# -lt 3 ]]; then
  say "usage: Launch/cluster.sh HOSTFILE N ARGUMENTS…   (N ranks; arguments of restok)"
  exit 64
fi
hostfile="$1"
ranks="$2"
shift 2
if [[ ! -f "$hostfile" || ! -r "$hostfile" ]]; then
  say "error: the host file $hostfile cannot be read: it is missing, no plain file, or not permitted"
  exit 64
fi
find_restok
check_arguments "$@"

read_hosts
hosts=${#host_names[@]}
if ((hosts == 0)); then
  say "error: $hostfile names no host; expected lines like \`name slots=RANKS\`"
  exit 64
fi
if ((ranks % hosts != 0)); then
  say "error: $ranks ranks do not spread evenly over the $hosts hosts of $hostfile: take a multiple of $hosts"
  exit 64
fi
ranks_per_host=$((ranks / hosts))
check_hosts "$ranks_per_host"
threads="${THREADS:-$((cores / ranks_per_host))}"
if ((threads < 1)); then
  say "error: $ranks_per_host ranks a host are more than the $cores cores of this machine:"
  say "  take fewer ranks, or set THREADS=1 if the hosts have more cores"
  exit 64
fi
export OMP_NUM_THREADS="$threads" OPENBLAS_NUM_THREADS="$threads"
say "$ranks ranks, $ranks_per_host on each of $hosts hosts, threads of a rank: $threads"
exported=(-x OMP_NUM_THREADS -x OPENBLAS_NUM_THREADS -x GOMP_SPINCOUNT)
if [[ -n "${LD_LIBRARY_PATH:-}" ]]; then exported+=(-x LD_LIBRARY_PATH); fi

# Open MPI refuses a file with the line ends of Windows: it gets a copy with others.
plain_hosts="$(mktemp)"
trap 'rm -f -- "$plain_hosts"' EXIT
sed -e 's/\r$//' -e '1s/^\xef\xbb\xbf//' -- "$hostfile" >"$plain_hosts"

status=0
supervise --hostfile "$plain_hosts" -n "$ranks" \
  --map-by "ppr:$ranks_per_host:node:PE=$threads" --bind-to core \
  "${exported[@]}" -- "$RESTOK" "$@" || status=$?
exit "$status"
