# shellcheck shell=bash
# Sourced by the scripts of this folder: this machine, the program, and how ranks are run.
#
# Sets `project` (the repository) and `cores` (those of this machine that this process may use).

project="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"

# What cannot be said, because the terminal has gone, must not end the script.
say() { printf '%s\n' "$*" >&2 || true; }

# Cores, not hardware threads: two ranks on one core would share its vector units.
count_cores() {
  local usable physical
  usable="$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)"
  physical="$(lscpu --parse=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)" || physical=0
  if ((physical >= 1 && physical < usable)); then usable="$physical"; fi
  printf '%s\n' "$usable"
}
cores="$(count_cores)"

# Open MPI refuses to start for the superuser unless told twice that this is meant.
if ((EUID == 0)); then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# Threads of a rank wait for each other by spinning for some microseconds and then sleep. The library's
# own default, a thousand times longer, makes two threads several times slower than one as soon as
# anything else runs on their cores.
export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-10000}"

# find_restok: sets RESTOK, unless it is set, to what `swift build -c release` has made.
find_restok() {
  if [[ -z "${RESTOK:-}" ]]; then
    RESTOK="$(swift build --package-path "$project" -c release --show-bin-path)/restok" || {
      say "error: \`swift\` does not say where it builds: run Launch/setup.sh, or set RESTOK=PATH"
      return 1
    }
  fi
  if [[ ! -f "$RESTOK" || ! -x "$RESTOK" ]]; then
    say "error: $RESTOK is no program: run \"swift build -c release\" in $project, or set RESTOK=PATH"
    return 64
  fi
  # mpirun looks for a name without a slash elsewhere.
  RESTOK="$(realpath -- "$RESTOK")"
  if ! command -v mpirun >/dev/null; then
    say "error: there is no mpirun: run Launch/setup.sh"
    return 1
  fi
}

# check_arguments ARGUMENTS…: refuses what mpirun would take for its own.
check_arguments() {
  local argument
  for argument in "$@"; do
    if [[ "$argument" == : ]]; then
      say "error: an argument is a colon, which mpirun takes for the end of a program's arguments"
      exit 64
    fi
  done
}

# run_local N ARGUMENTS…: restok on N ranks of this machine, bound to cores of their own.
#
# Ranks times threads is the number of cores. With more ranks than cores nothing is bound, and each
# rank has one thread.
run_local() {
  local ranks="$1" threads layout
  shift
  if ((ranks <= cores)); then
    threads=$((cores / ranks))
    layout=(--map-by "slot:PE=$threads" --bind-to core)
  else
    threads=1
    layout=(--oversubscribe --bind-to none)
    [[ -n "${OVERSUBSCRIBE:-}" ]] || say "$ranks ranks on $cores cores: they share cores, slowly"
  fi
  export OMP_NUM_THREADS="$threads" OPENBLAS_NUM_THREADS="$threads"
  supervise -n "$ranks" "${layout[@]}" -- "$RESTOK" "$@"
}

# supervise OPTIONS… -- PROGRAM ARGUMENTS…: runs mpirun so that stopping it loses nothing; returns the
# exit status of the ranks.
#
# Open MPI gives ranks one second after SIGTERM and then kills them, too short to save, and crashes when
# a second one comes while they end. SIGUSR1 and SIGUSR2 it forwards to all ranks at once: `restok train`
# takes the first as "finish the step, save, exit 75", and the second ends a rank. So mpirun runs in a
# session of its own, where neither Ctrl-C nor the end of the terminal reaches it, and this shell turns
# what should stop the run into SIGUSR1 and goes on waiting. A second Ctrl-C ends the ranks as they are;
# a second SIGTERM, which schedulers send, changes nothing.
supervise() {
  local options=() pid status again interrupted stops=0 is_killed=false reminder=''
  while [[ "$1" != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  setsid mpirun --quiet "${options[@]}" "$@" &
  pid=$!
  trap 'on_stop INT' INT
  trap 'on_stop TERM' TERM
  trap 'on_stop HUP' HUP
  trap 'on_stop USR1' USR1
  # Whoever reads the messages may have ended.
  trap '' PIPE
  # A signal ends `wait` before the command has ended; then wait again.
  while true; do
    interrupted=false
    status=0
    wait "$pid" || status=$?
    if ! $interrupted || ((status <= 128)); then break; fi
    if kill -0 "$pid" 2>/dev/null; then continue; fi
    again=0
    wait "$pid" || again=$?
    if ((again != 127)); then status=$again; fi
    break
  done
  trap - INT TERM HUP USR1 PIPE
  if [[ -n "$reminder" ]]; then kill "$reminder" 2>/dev/null || true; fi
  # A rank that has not begun to listen ends by the signal that asks it to stop; nothing is lost.
  if ((stops > 0 && status == 128 + $(kill -l USR1))) && ! $is_killed; then
    say "stopped before the ranks had begun: the same command starts them"
    return 75
  fi
  if $is_killed && ((status > 128)); then
    say "the ranks were killed, as asked; what was saved before is whole"
    return 130
  fi
  explain "$status" "${options[@]}"
  return "$status"
}

# explain STATUS OPTIONS…: what mpirun's status means, where restok itself had nothing to say.
explain() {
  local status="$1" reason
  shift
  if ((status > 128 && status <= 192)); then
    say "mpirun ended with status $status: a rank was ended by signal $((status - 128))"
    return
  fi
  # Statuses of Open MPI, and of ssh; restok has none of them but 1.
  if ((status != 1 && (status < 76 || status == 128))); then return; fi
  # Quiet as it is, Open MPI says no reason either: the same start with a program that does nothing
  # gives it. When that starts, the reason was the program's, which has said it.
  if reason="$(timeout 60 mpirun "$@" true 2>&1 </dev/null)"; then return; fi
  say "error: Open MPI could not start the ranks (status $status):"
  say "$(grep -vE '^(-+|)$' <<<"$reason" | head -n 30)"
}

# on_stop SIGNAL: the trap of `supervise`, whose variables it uses.
on_stop() {
  interrupted=true
  stops=$((stops + 1))
  if ((stops == 1)); then
    say "stopping ($1): the ranks finish their step and save; Ctrl-C once more kills them"
    kill -USR1 "$pid" 2>/dev/null || true
    # What comes before the ranks are there reaches nobody, so it is said again until they end, each time
    # after twice as long: a program that a signal interrupts comes to its end in between.
    { local pause=1; while sleep "$pause" && kill -USR1 "$pid"; do pause=$((2 * pause)); done; } \
      >/dev/null 2>&1 &
    reminder=$!
  elif [[ "$1" == INT ]]; then
    say "killing the ranks"
    is_killed=true
    kill -USR2 "$pid" 2>/dev/null || true
  else
    say "stopping already ($1 changes nothing)"
  fi
}
