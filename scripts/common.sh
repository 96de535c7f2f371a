# Shared by ./run and ./test: steps that say what they do and how long it took.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
export CCACHE_DIR="${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/kanal-ccache}"
export CCACHE_BASEDIR="$root"
export CCACHE_NOHASHDIR=1
export CCACHE_MAXSIZE=5G
export CCACHE_SLOPPINESS=time_macros,pch_defines

step() {
  local name="$1"; shift
  local begin end
  begin=$(date +%s%N)
  echo "==> $name"
  if "$@"; then
    end=$(date +%s%N)
    printf '==> %s: %d.%01d s\n' "$name" $(((end - begin) / 1000000000)) $(((end - begin) / 100000000 % 10))
  else
    local code=$?
    echo "==> $name: FAILED (exit $code)" >&2
    return $code
  fi
}

# configure FOLDER [cmake options...]
configure() {
  local folder="$1"; shift
  cmake -S "$root" -B "$folder" -G Ninja "$@" >"$folder.configure.log" 2>&1 || { cat "$folder.configure.log" >&2; return 1; }
}

# build FOLDER [targets...]: quiet unless it fails
build() {
  local folder="$1"; shift
  ninja -C "$folder" "$@" >"$folder.build.log" 2>&1 || { tail -n 60 "$folder.build.log" >&2; return 1; }
  tail -n 1 "$folder.build.log"
}
