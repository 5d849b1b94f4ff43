#!/bin/sh
# install.sh - put the built programs, library, data, units and man pages in place.
# Usage: install.sh BUILD DESTDIR PREFIX SYSCONFDIR UNITDIR SYSUSERSDIR TMPFILESDIR VERSION
# An existing configuration is never overwritten: the new one is put beside it with the ending .new.
set -eu
build=$1 dest=$2 prefix=$3 etc=$4 units=$5 sysusers=$6 tmpfiles=$7 version=$8

put() { # MODE FILE TARGET
    install -D -m "$1" "$2" "$dest$3"
}
put 0755 "$build/sinergid" "$prefix/bin/sinergid"
put 0755 "$build/sinergi" "$prefix/bin/sinergi"
put 0755 "$build/sinergi-agent" "$prefix/bin/sinergi-agent"
put 0644 "$build/libsinergi.a" "$prefix/lib/libsinergi.a"
put 0755 "$build/libsinergi.so.0" "$prefix/lib/libsinergi.so.0"
ln -sf libsinergi.so.0 "$dest$prefix/lib/libsinergi.so"
put 0644 clients/lib/sinergi.h "$prefix/include/sinergi.h"
sed -e "s#@PREFIX@#$prefix#g" -e "s#@VERSION@#$version#g" clients/lib/libsinergi.pc.in >"$build/libsinergi.pc"
put 0644 "$build/libsinergi.pc" "$prefix/lib/pkgconfig/libsinergi.pc"
for file in examples/*.c examples/Makefile; do
    put 0644 "$file" "$prefix/share/doc/sinergi/$file"
done
for file in conf/codes/*.csv; do
    put 0644 "$file" "$prefix/share/sinergi/codes/$(basename "$file")"
done
for file in proto/sinergi/v1/*.proto; do
    [ "$file" = proto/sinergi/v1/row.proto ] || put 0644 "$file" "$prefix/share/sinergi/$file"
done
# The folders of the agencies are copied from here to their devices: whole, and without links.
for agency in clients/agencies/*/; do
    agency=${agency%/}
    find -L "$agency" -type f | while read -r file; do
        mode=0644
        [ ! -x "$file" ] || mode=0755
        put "$mode" "$file" "$prefix/share/sinergi/agencies/${file#clients/agencies/}"
    done
done
for name in sinergid.conf sinergi.conf; do
    if [ -e "$dest$etc/sinergi/$name" ]; then
        put 0640 "conf/$name" "$etc/sinergi/$name.new"
    else
        put 0640 "conf/$name" "$etc/sinergi/$name"
    fi
done
put 0644 conf/agent.conf "$prefix/share/sinergi/agent.conf"
put 0644 systemd/sinergid.service "$units/sinergid.service"
put 0644 systemd/sinergi-agent@.service "$units/sinergi-agent@.service"
put 0644 systemd/sinergi.sysusers "$sysusers/sinergi.conf"
put 0644 systemd/sinergi.tmpfiles "$tmpfiles/sinergi.conf"
for page in docs/man/*.[1358] build/gen/sinergi-event.5; do
    put 0644 "$page" "$prefix/share/man/man${page##*.}/$(basename "$page")"
done
