#!/usr/bin/env bash
# install.sh - what `make install` puts in place is complete: the installed programs run with the
# installed code lists, the units verify; programs build against the installed library, shared and static,
# in C and C++, and the examples do with a real daemon what they say.
. "$(dirname "$0")/lib.sh"
dest=$base/root
make --no-print-directory install DESTDIR="$dest" >/dev/null
for file in bin/sinergid bin/sinergi lib/libsinergi.so.0 lib/libsinergi.a include/sinergi.h \
    lib/pkgconfig/libsinergi.pc share/sinergi/codes/regions.csv share/man/man8/sinergid.8 \
    share/man/man5/sinergid.conf.5 share/man/man1/sinergi.1 share/man/man3/libsinergi.3 \
    share/doc/sinergi/examples/{publish,subscribe,poll}.c share/doc/sinergi/examples/Makefile; do
    check "installed: $file" test -s "$dest/usr/$file"
done
sed "s#/usr/share/sinergi/codes#$dest/usr/share/sinergi/codes#" "$dest/etc/sinergi/sinergid.conf" >"$base/sinergid.conf"
exits "the shipped configuration is right" 0 "$dest/usr/bin/sinergid" --check "$base/sinergid.conf"
echo "kept" >"$dest/etc/sinergi/sinergid.conf"
make --no-print-directory install DESTDIR="$dest" >/dev/null
check "an installed configuration is never overwritten" grep -q kept "$dest/etc/sinergi/sinergid.conf"
check "the new one stands beside it" test -s "$dest/etc/sinergi/sinergid.conf.new"

# The library is what its header says, and nothing else.
so=$dest/usr/lib/libsinergi.so.0
declared=$(gcc -E -P "$dest/usr/include/sinergi.h" | grep -v '^typedef' | grep -oE '\bsinergi_[a-z_]+\(' | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$so" | awk '$2 != "A" {print $3}' | sort)
check "the shared library has the functions of the header" test "$(sed 's/@@.*//' <<<"$exported")" = "$declared"
check "each with a version" test "$(grep -c '@@LIBSINERGI_' <<<"$exported")" -eq "$(wc -l <<<"$declared")"
check "so has the static one" test "$(nm -g --defined-only "$dest/usr/lib/libsinergi.a" | awk 'NF == 3 {print $3}' | sort)" = "$declared"
bare=$(gcc -fpreprocessed -dD -E -P "$dest/usr/include/sinergi.h") # without comments
words=$(grep -oE '\bSINERGI_[A-Z_]+' <<<"$bare" | grep -vx SINERGI_H
    sed -n '/^typedef \(struct\|enum\) .*{/,/^}/p' <<<"$bare" | grep -oE '\b[a-z_]+(\[[A-Za-z_0-9]*\])?[;,]' | sed 's/[[;,].*//')
missing=
for function in $declared; do
    grep -q "^\.Fn $function " docs/man/libsinergi.3 || missing="$missing $function"
done
check "libsinergi(3) shows every function$missing" test -z "$missing"
for word in $(sort -u <<<"$words"); do
    grep -qw -- "$word" docs/man/libsinergi.3 || missing="$missing $word"
done
check "and tells of every constant and member$missing" test -z "$missing"
soname=$(readelf -d "$so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
check "soname" test "$soname" = libsinergi.so.0
check "it needs no library of the daemon" test -z "$(readelf -d "$so" | grep -E 'NEEDED.*(systemd|sqlite)')"

# pkg-config: into another root, and where the files stand.
export PKG_CONFIG_PATH=$dest/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest
exits "pkg-config finds it" 0 pkg-config --print-errors --cflags --libs libsinergi
says "in its root" "-I$dest/usr/include.* -L$dest/usr/lib.* -lsinergi"
check "a program with the shared library needs no other" test "$(grep -oE -- '-l[a-z]+' <<<"$out" | sort -u)" = -lsinergi
exits "static too" 0 pkg-config --print-errors --static --libs libsinergi
says "with all that it needs" '-lsinergi.*-lzmq.*-llmdb'
exits "with --define-prefix" 0 env -u PKG_CONFIG_SYSROOT_DIR pkg-config --define-prefix --cflags libsinergi
says "in its root" "-I$dest/usr/include"
version=$(pkg-config --modversion libsinergi)

# The header by itself: strict C99, C11 and C++.
echo '#include <sinergi.h>' >"$base/header.c"
for standard in c99 c11 gnu17; do
    exits "the header in $standard" 0 gcc -std=$standard -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$dest/usr/include" "$base/header.c"
done
for standard in c++11 c++20; do
    exits "the header in $standard" 0 g++ -x c++ -std=$standard -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$dest/usr/include" "$base/header.c"
done
cat >"$base/use.cc" <<'C'
#include <sinergi.h>
#include <cstdio>
int main()
{
    std::puts(sinergi_version());
    return 0;
}
C
exits "C++ links" 0 g++ -Wall -Werror "$base/use.cc" -I"$dest/usr/include" -L"$dest/usr/lib" -lsinergi -o "$base/use"
export LD_LIBRARY_PATH=$dest/usr/lib
exits "and runs" 0 "$base/use"
says "the version of pkg-config" "^$version\$"

# The examples, and every public function, with a daemon.
set_up
start_daemon
for way in shared static; do
    mkdir "$base/$way"
    cp "$dest/usr/share/doc/sinergi/examples/"* "$base/$way/"
    exits "examples: $way" 0 make --no-print-directory -C "$base/$way" CFLAGS="-O2 -Wall -Wextra -Wpedantic -Werror" \
        $([ $way = shared ] || echo STATIC=1)
    for example in publish subscribe poll; do
        check "$example is $way" test "$(readelf -d "$base/$way/$example" | grep -c 'NEEDED.*libsinergi')" -eq "$([ $way = shared ] && echo 1 || echo 0)"
        check "$example has under 60 lines" test "$(wc -l <"$base/$way/$example.c")" -lt 60
    done
done
event() { sed -n "$1p" tests/city/data/referrals-2024-01.jsonl; }
ended_well() { # PID
    wait "$1"
}
soon() { # NAME COMMAND…: within 20 s
    local name=$1 tries
    shift
    for tries in $(seq 1 200); do
        if "$@" >/dev/null 2>&1; then
            ok "$name"
            return
        fi
        read -rt 0.1 <> <(:) || true # what is waited for comes from another process: look again soon
    done
    not_ok "$name"
}
exits "every function" 0 gcc -std=c99 -D_DEFAULT_SOURCE -Wall -Wextra -Wpedantic -Werror tests/interop/library.c \
    -I"$dest/usr/include" -L"$dest/usr/lib" -lsinergi -o "$base/library"
event 1 >"$base/event.json"
"$base/library" "$work/satpolpp/sinergi.conf" "$base/event.json" "$work/dinsos/sinergi.conf" >"$base/library.out" || not_ok "library ends well"
cat "$base/library.out"
failures=$((failures + $(grep -c '^not ok' "$base/library.out" || true)))
n=2 satpolpp=$work/satpolpp/sinergi.conf dinsos=$work/dinsos/sinergi.conf
for way in shared static; do
    exits "$way: publish" 0 env SINERGI_CONF="$satpolpp" "$base/$way/publish" < <(event $n)
    says "is accepted" '^ACCEPTED seq [0-9]+'
    place=$(head -n 1 <<<"$out")
    exits "$way: the place is one" 0 agency_as satpolpp show "$place"
    exits "$way: publish what is wrong" 1 env SINERGI_CONF="$satpolpp" "$base/$way/publish" <<<'{"referralSubmitted":{"kind":"X"}}'
    says "names the field" 'referralSubmitted.kind'
    exits "$way: publish what the broker refuses" 1 env SINERGI_CONF="$dinsos" "$base/$way/publish" < <(event $n)
    says "says so" '^REJECTED|E_[A-Z_]+'
    n=$((n + 1))

    SINERGI_CONF=$dinsos "$base/$way/subscribe" "contoh-$way" referral.submitted >"$base/$way/said" 2>"$base/$way/log" &
    pids+=($!)
    soon "$way: subscribe prints all there is" test -s "$base/$way/said"
    soon "$way: as many lines as events" eval "test \$(wc -l <'$base/$way/said') -eq $((n - 1))"
    kill -TERM "${pids[-1]}"
    check "$way: it ends well when asked" ended_well "${pids[-1]}"
    SINERGI_CONF=$dinsos "$base/$way/subscribe" "contoh-$way" referral.submitted >>"$base/$way/said" 2>>"$base/$way/log" &
    pids+=($!)

    SINERGI_CONF=$satpolpp "$base/$way/poll" "$base/$way/socket" >"$base/$way/outcomes" 2>"$base/$way/errors" &
    poller=$!
    pids+=($!)
    soon "$way: poll listens" test -S "$base/$way/socket"
    for line in "$(event $n)" '{"no": 1}' "$(event $((n + 1)))"; do
        /usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), sys.argv[1])' \
            "$base/$way/socket" "$line"
    done
    soon "$way: poll publishes both" eval "test \$(grep -c ACCEPTED '$base/$way/outcomes') -eq 2"
    soon "$way: and names what is wrong" grep -q 'not stored.*no' "$base/$way/errors"
    n=$((n + 2))
    soon "$way: subscribe goes on where it was" eval "test \$(wc -l <'$base/$way/said') -eq $((n - 1))"
    check "$way: each event once" test "$(jq -r .seq "$base/$way/said" | sort | uniq -d | wc -l)" -eq 0
    kill -TERM $poller
    check "$way: poll ends well when asked" ended_well $poller
    check "$way: and leaves no socket" test ! -e "$base/$way/socket"
done
unset LD_LIBRARY_PATH PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
if command -v systemd-analyze >/dev/null; then
    sed "s#/usr/bin/sinergid#$dest/usr/bin/sinergid#" "$dest/usr/lib/systemd/system/sinergid.service" >"$base/sinergid.service"
    exits "the unit verifies" 0 systemd-analyze verify --man=no "$base/sinergid.service"
    out=$(systemd-analyze security --offline=yes --no-pager "$base/sinergid.service" 2>&1 | tail -n 1)
    score=$(grep -oE '[0-9]+\.[0-9]' <<<"$out" | head -n 1)
    check "exposure $score is at most 1.2" awk "BEGIN { exit !($score <= 1.2) }"
fi
done_testing
