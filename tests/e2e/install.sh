#!/usr/bin/env bash
# install.sh - what `make install` puts in place is complete: the installed programs run with the
# installed code lists, the units verify, a program builds against the installed library.
. "$(dirname "$0")/lib.sh"
dest=$base/root
make --no-print-directory install DESTDIR="$dest" >/dev/null
for file in bin/sinergid bin/sinergi lib/libsinergi.so.0 lib/libsinergi.a include/sinergi.h \
    lib/pkgconfig/libsinergi.pc share/sinergi/codes/regions.csv share/man/man8/sinergid.8 \
    share/man/man5/sinergid.conf.5 share/man/man1/sinergi.1 share/man/man3/libsinergi.3; do
    check "installed: $file" test -s "$dest/usr/$file"
done
sed "s#/usr/share/sinergi/codes#$dest/usr/share/sinergi/codes#" "$dest/etc/sinergi/sinergid.conf" >"$base/sinergid.conf"
exits "the shipped configuration is right" 0 "$dest/usr/bin/sinergid" --check "$base/sinergid.conf"
echo "kept" >"$dest/etc/sinergi/sinergid.conf"
make --no-print-directory install DESTDIR="$dest" >/dev/null
check "an installed configuration is never overwritten" grep -q kept "$dest/etc/sinergi/sinergid.conf"
check "the new one stands beside it" test -s "$dest/etc/sinergi/sinergid.conf.new"
cat >"$base/use.c" <<'C'
#include <sinergi.h>
#include <stdio.h>
int main(void)
{
    sinergi *client = NULL;
    sinergi_status status = sinergi_open("/nonexistent/sinergi.conf", &client);
    puts(sinergi_error(client, "en"));
    sinergi_close(client);
    return status == SINERGI_CONFIG ? 0 : 1;
}
C
exits "a program builds against the installed library" 0 gcc -std=c99 -Wall -Werror "$base/use.c" \
    -I"$dest/usr/include" -L"$dest/usr/lib" -lsinergi -o "$base/use"
exits "and runs" 0 env LD_LIBRARY_PATH="$dest/usr/lib" "$base/use"
if command -v systemd-analyze >/dev/null; then
    sed "s#/usr/bin/sinergid#$dest/usr/bin/sinergid#" "$dest/usr/lib/systemd/system/sinergid.service" >"$base/sinergid.service"
    exits "the unit verifies" 0 systemd-analyze verify --man=no "$base/sinergid.service"
    out=$(systemd-analyze security --offline=yes --no-pager "$base/sinergid.service" 2>&1 | tail -n 1)
    score=$(grep -oE '[0-9]+\.[0-9]' <<<"$out" | head -n 1)
    check "exposure $score is at most 1.2" awk "BEGIN { exit !($score <= 1.2) }"
fi
done_testing
