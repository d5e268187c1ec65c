# shellcheck shell=bash
# Sourced by cluster.sh: reads a host file as Open MPI would, and says what is wrong with it before
# Open MPI ends without a word.

# host_error LINE TEXT…: says what is wrong with a line of the host file; ends the script.
host_error() {
  local line="$1"
  shift
  say "error: $hostfile, line $line: $*"
  exit 64
}

# read_hosts: sets `host_names`, the hosts of $hostfile in its order, and `host_slots` and `host_lines`
# by their names. A host that has no slots= runs as many ranks as it has cores: its slots are empty.
read_hosts() {
  # Bytes, whatever their encoding: a broken character must not swallow the end of a line.
  local LC_ALL=C
  local line number=0 name word key value words
  host_names=()
  declare -gA host_slots=() host_lines=() host_counts=()
  while IFS= read -r line || [[ -n "$line" ]]; do
    number=$((number + 1))
    line="${line%$'\r'}"
    if ((number == 1)); then line="${line#$'\xef\xbb\xbf'}"; fi
    read -ra words <<<"${line%%#*}"
    ((${#words[@]})) || continue
    name="${words[0]}"
    # Open MPI reads no addresses with colons, and takes what begins with a dash for an option.
    [[ "$name" =~ ^[A-Za-z0-9_][A-Za-z0-9_.@-]*$ ]] || host_error "$number" \
      "'$(printf %q "$name")' is no host name; expected \`name slots=RANKS\`, a name or an IPv4 address"
    name="${name,,}"
    local slots=''
    for word in "${words[@]:1}"; do
      key="${word%%=*}" value="${word#*=}"
      case "$key" in
        slots | cpu | cpus | count)
          [[ "$word" == *=* && "$value" =~ ^[1-9][0-9]{0,5}$ ]] || host_error "$number" \
            "'$(printf %q "$word")': slots is a number of ranks, at least 1"
          slots="$value"
          ;;
        max_slots | max-slots)
          [[ "$word" == *=* && "$value" =~ ^[1-9][0-9]{0,5}$ ]] || host_error "$number" \
            "'$(printf %q "$word")': max_slots is a number of ranks, at least 1"
          [[ -z "$slots" ]] || ((value >= slots)) || host_error "$number" \
            "max_slots=$value is less than slots=$slots"
          ;;
        user | username | user_name | user-name)
          [[ "$word" == *=?* ]] || host_error "$number" "'$(printf %q "$word")' names no user"
          ;;
        *) host_error "$number" \
          "'$(printf %q "$word")' is no word of a host file; expected \`name slots=RANKS\`" ;;
      esac
    done
    if [[ -n "${host_lines[$name]:-}" ]]; then
      # A scheduler may list a host once for each of its ranks; with numbers that is no list any more.
      [[ -z "$slots" && -z "${host_slots[$name]}" ]] || host_error "$number" \
        "$name is there already, in line ${host_lines[$name]}: name it once, with slots=RANKS"
      host_counts[$name]=$((host_counts[$name] + 1))
      continue
    fi
    host_names+=("$name")
    host_lines[$name]="$number" host_slots[$name]="$slots" host_counts[$name]=1
  done <"$hostfile"
}

# check_hosts RANKS: every host is known and has slots for its share of the ranks.
check_hosts() {
  local name slots
  for name in "${host_names[@]}"; do
    slots="${host_slots[$name]}"
    if ((host_counts[$name] > 1)); then slots="${host_counts[$name]}"; fi
    if [[ -n "$slots" ]] && ((slots < $1)); then
      host_error "${host_lines[$name]}" \
        "$name has slots for $slots of its $1 ranks: write slots=$1, or start fewer ranks"
    fi
    is_known_host "$name" || host_error "${host_lines[$name]}" \
      "the host ${name##*@} cannot be found: check its name, and \`getent ahosts ${name##*@}\`"
  done
}

# is_known_host NAME: whether the system finds it, or ssh does by a name of its own configuration.
is_known_host() {
  local name="${1##*@}" settings
  getent ahosts -- "$name" >/dev/null && return
  settings="$(ssh -G "$1" 2>/dev/null)" || return 1
  # What another host passes on, only that host can find.
  grep -qiE '^proxy(jump|command) ' <<<"$settings" && return
  name="$(sed -n 's/^hostname //p' <<<"$settings")"
  [[ -n "$name" ]] && getent ahosts -- "$name" >/dev/null
}
