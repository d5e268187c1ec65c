# shellcheck shell=bash
# Sourced by the scripts of this folder: this machine, the program, and how ranks are run.
#
# Sets `project` (the repository) and `cores` (those of this machine that this process may use).

project="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"

say() { printf '%s\n' "$*" >&2; }

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
  if [[ ! -x "$RESTOK" ]]; then
    say "error: there is no program $RESTOK: run \"swift build -c release\" in $project"
    return 1
  fi
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
  supervise mpirun --quiet -n "$ranks" "${layout[@]}" "$RESTOK" "$@"
}

# supervise COMMAND…: runs mpirun so that stopping it loses nothing; returns its exit status.
#
# Open MPI gives ranks one second after SIGTERM and then kills them, too short to save. SIGUSR1 it
# forwards to all ranks at once, and `restok train` takes that as "finish the step, save, exit 75".
# So mpirun runs in a session of its own, where Ctrl-C does not reach it, and this shell turns
# Ctrl-C and SIGTERM into SIGUSR1 and goes on waiting. A second Ctrl-C ends the ranks as they are.
supervise() {
  local pid status again interrupted stops=0
  setsid "$@" &
  pid=$!
  trap on_stop INT TERM USR1
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
  trap - INT TERM USR1
  if ((status > 128)); then
    say "mpirun ended with status $status: a rank was ended by signal $((status - 128))"
  fi
  return "$status"
}

# The trap of `supervise`, whose variables it uses.
on_stop() {
  interrupted=true
  stops=$((stops + 1))
  if ((stops == 1)); then
    say "stopping: the ranks finish their step and save; once more to kill them"
    kill -USR1 "$pid" 2>/dev/null || true
  else
    say "killing the ranks"
    kill -TERM "$pid" 2>/dev/null || true
  fi
}
