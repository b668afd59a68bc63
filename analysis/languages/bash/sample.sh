#!/bin/bash
# Both ways to write a function.
readonly LIMIT=10
export PLAIN=1

# Documented.
function build {
  local target=$1
  inner() { echo "nested"; }
  make "$target"
}

clean () {
  rm -rf -- "${TMP}/x"
}

install_all() (
  cat <<END
function not_one() {
END
)
# expect: constant LIMIT 3-3
# expect: function build 7-11
# expect: function build.inner 9-9
# expect: function clean 13-15
# expect: function install_all 17-21
