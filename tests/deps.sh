#!/bin/sh
# deps.sh - install the Debian packages that are missing. Usage: deps.sh PACKAGE…
# As root with apt-get, else through sudo; where neither works it names what is missing and fails.
set -eu
missing=""
for package in "$@"; do
    case "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)" in
    *"ok installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

become=""
if [ "$(id -u)" -ne 0 ]; then
    become=$(command -v sudo || true)
fi
if ! command -v apt-get >/dev/null 2>&1 || { [ "$(id -u)" -ne 0 ] && [ -z "$become" ]; }; then
    echo "These Debian packages are missing; install them and try again:$missing" >&2
    exit 1
fi
echo "Installing missing packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$become apt-get -qq update
# shellcheck disable=SC2086 # a list of words
$become apt-get -qq install -y --no-install-recommends $missing >/dev/null
