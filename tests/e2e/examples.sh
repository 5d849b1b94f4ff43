#!/usr/bin/env bash
# examples.sh - every example of README.md, of the man pages and of --help is run as it is printed: commands line
# by line in a prepared city, configuration by the program that reads it, C by the compiler. What is
# neither run nor named below fails, so a new example is picked up by itself.
. "$(dirname "$0")/lib.sh"

# Not run, and why. A whole line, without its comment.
not_run() {
    case $1 in
    "make run" | "make serve" | "make test") return 0 ;; # tests of their own: city.sh, serve.sh, this one
    "make install") return 0 ;;                          # done below, into a folder
    *) return 1 ;;
    esac
}
# Blocks of README.md that are pictures, by their section.
pictures=("## The flow")
# Examples that may end otherwise than with 0.
may_end() { # LINE STATUS
    case $1 in
    *"subscribe decisions"*) [ "$2" -eq 3 ] ;; # nobody decides while it waits
    *) return 1 ;;
    esac
}

# ---- a city, an installed tree, a desk to work at ----
dest=$base/root
etc=$dest/etc/sinergi
make --no-print-directory install DESTDIR="$dest" >/dev/null
set_up
start_daemon
desk=$base/desk
mkdir -p "$desk" "$base/bin" "$dest/run/sinergi" "$dest/var/lib/sinergi" "$dest/var/lib/sinergi-agent"
for file in sinergi.conf device.key; do
    cp "$work/dinsos/$file" "$etc/$file"
done
cp "$work/dinsos/sinergi.conf" "$desk/sinergi.conf"
installed() { # text of an example -> the same in the installed tree
    sed -E "s#(^|[ \"'=])/(etc|var/lib|run|usr/share)/sinergi#\\1$dest/\\2/sinergi#g"
}
installed <"$etc/sinergid.conf" >"$base/conf" && cp "$base/conf" "$etc/sinergid.conf"

# What watches until it is stopped is watched for two seconds; administration is the operator's.
cat >"$base/bin/sinergi" <<SH
#!/usr/bin/env bash
case " \$* " in
*" --help "* | *" --until-caught-up "*) ;;
*" tail "* | *" subscribe "*) set -- "\$@" -w 2 ;;
*" admin "*) export SINERGI_CONF=$work/diskominfo/sinergi.conf ;;
esac
exec "$dest/usr/bin/sinergi" "\$@"
SH
# The agent ends when nothing is left to do.
cat >"$base/bin/sinergi-agent" <<SH
#!/usr/bin/env bash
case " \$* " in
*" --check "* | *" --once "* | *" --help "* | *" --version "*) ;;
*) set -- "\$@" --once ;;
esac
exec "$dest/usr/bin/sinergi-agent" "\$@"
SH
chmod +x "$base/bin/"*
export SINERGI_CONF=$etc/sinergi.conf PATH=$base/bin:$dest/usr/bin:$PATH LD_LIBRARY_PATH=$dest/usr/lib
export PKG_CONFIG_PATH=$dest/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest
export PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1

# The files that examples speak of, and a history: seq 1 to 3 are slots, 4 to 23 kits, all of this office.
data=$root/tests/city/data
cat "$data/slots-disnaker.jsonl" "$data/kits-dinsos.jsonl" >"$base/history.jsonl"
agency_as dinsos -w 20 import "$base/history.jsonl" >/dev/null
head -n 1 "$data/referrals-2024-01.jsonl" | jq 'del(.referralSubmitted.referralId)' >"$desk/referral.json"
head -n 1 "$data/slots-dpppa.jsonl" | jq '{slot: .slotOffered} | del(.slot.slotId)' >"$desk/plan.json"
sed -n 2,6p "$data/referrals-2024-01.jsonl" >"$desk/referrals.jsonl"
cat >"$desk/prog.c" <<'C'
#include <sinergi.h>
int main(void) { return sinergi_error(NULL, "en") == NULL; }
C
cp -rL clients/agencies/satpolpp/. clients/agencies/dinsos/. "$desk/"
cp examples/*.c "$desk/"
cp "$work/dinsos/sinergi.conf" "$desk/sinergi.conf" # the city's, whatever was copied

# ---- examples -> blocks: one file each, its first line says from where and of which kind ----
mkdir "$base/blocks"
pages=(docs/man/*.[1358] build/gen/sinergi-event.5)
awk -v to="$base/blocks/readme" -v pictures="$(printf '%s\n' "${pictures[@]}")" '
    BEGIN { n = split(pictures, list, "\n"); for (i = 1; i <= n; i++) skip[list[i]] = 1 }
    /^## / { section = $0 }
    /^    / && !(section in skip) {
        if (!inside) { file = sprintf("%s-%03d", to, ++count); print "README.md:" FNR " commands" > file }
        inside = 1
        print substr($0, 5) > file
        next
    }
    { if (inside) close(file); inside = 0 }' README.md
awk -v to="$base/blocks/man" '
    function plain(text) { gsub(/\\e/, "\\", text); gsub(/\\&/, "", text); gsub(/\\-/, "-", text); return text }
    function kind(text, page) {
        if (text ~ /^(#include|sinergi \*|struct |sinergi_|int |while |static )/) return "c"
        if (text ~ /^\[[a-z]+\]$/) return "ini"
        if (text ~ /^[\[{]/) return "json"
        if (text ~ /^[a-z_]+ *[=:] *[^ ]/ && text !~ /^[A-Z_]+=/) return page
        if (text ~ /^[^$ =]+( [^$=]+)?;[^=]*$/) return "table"
        return "commands"
    }
    function begin() { file = sprintf("%s-%03d", to, ++count); fresh = 1 }
    function put(text) {
        name = FILENAME; sub(/.*\//, "", name)
        if (fresh) print FILENAME ":" FNR " " kind(text, name) > file
        fresh = 0
        print text > file
    }
    /^\.Bd -(literal|unfilled)/ { inside = 1; begin(); next }
    /^\.Ed/ { if (inside) close(file); inside = 0; next }
    /^\.Dl / { text = plain($0); sub(/^\.Dl (\$ |# )?/, "", text); begin(); put(text); close(file); next }
    inside && !/^\.(Pp|\\")/ { text = plain($0); sub(/^\$ /, "", text); put(text) }' "${pages[@]}"
while read -r name; do
    {
        echo "sinergi-$name---help commands"
        "$cli" --lang en "$name" --help | sed -n '/^Example/,$ s/^  //p'
    } >"$base/blocks/help-$name"
done < <("$cli" --lang en help | sed -n '/^Commands/,$ s/^  \([a-z]*\)$/\1/p')

# ---- running them ----
# Each page has a desk of its own: what one has made is in nobody's way.
desk_of() { # FROM
    local own
    own=$base/desks/$(tr / - <<<"${1%%:*}")
    [ -d "$own" ] || { mkdir -p "$base/desks" && cp -r "$desk" "$own"; }
    echo "$own"
}
# A unit that systemctl is asked about is one that was installed; there is no service manager here.
units_exist() { # LINE
    local word
    for word in $1; do
        case $word in
        systemctl | -* | enable | disable | start | stop | restart | reload | status | daemon-reload) continue ;;
        esac
        word=${word%.service}
        [ -s "$dest/usr/lib/systemd/system/${word%%@*}${word:+$([[ $word != *@* ]] || echo @)}.service" ] || return 1
    done
}
run_line() { # FROM LINE
    local from=$1 line status=0
    line=$(sed -E 's/(^|[ \t])# .*$//; s/[ \t]+$//' <<<"$2")
    [ -n "$line" ] || return 0
    if not_run "$line"; then
        ok "$from: $line (not run here)"
    elif [[ $line == systemctl\ * ]]; then
        check "$from: $line: such a unit" units_exist "$line"
    else
        out=$(cd "$(desk_of "$from")" && timeout 60 bash -o pipefail -c "$(installed <<<"$line")" 2>&1 </dev/null) || status=$?
        if [ "$status" -eq 0 ] || may_end "$line" "$status"; then
            ok "$from: ${line//$'\n'/ }"
        else
            not_ok "$from: $line: exit status $status: $(tail -c 600 <<<"$out")"
        fi
    fi
}
run_commands() { # FROM: lines of standard input, those that belong together as one
    local from=$1 part whole=
    while IFS= read -r part; do
        whole+=${whole:+$'\n'}$part
        if [[ $part == *\\ ]] || ! bash -n -c "$whole" 2>/dev/null; then continue; fi
        run_line "$from" "$whole"
        whole=
    done
    [ -z "$whole" ] || not_ok "$from: not whole: $whole"
}
# What an example of C may take for granted; it stands in a function.
compile() { # FILE
    {
        printf '#include <%s.h>\n' errno inttypes poll signal stdbool stdio stdlib string unistd sinergi
        echo 'extern sinergi *client; extern sinergi_status status; extern int mine; extern const char *text;'
        echo 'void handle(int); void example(void);'
        if grep -q '^#include\|^int main' "$1"; then cat "$1"; else echo 'void example(void) {' && cat "$1" && echo '}'; fi
    } >"$base/example.c"
    gcc -std=gnu99 -Wall -Werror -fsyntax-only -I"$dest/usr/include" "$base/example.c"
}
for block in "$base/blocks/"*; do
    read -r from kind <"$block"
    sed 1d "$block" | installed >"$base/text"
    case $kind in
    commands) run_commands "$from" < <(sed 1d "$block") ;;
    c) exits "$from: compiles" 0 compile "$base/text" ;;
    ini) exits "$from: is a section of settings" 0 /usr/bin/python3 -c 'import configparser, sys
configparser.ConfigParser().read_file(open(sys.argv[1]))' "$base/text" ;;
    json) exits "$from: is JSON" 0 jq . "$base/text" ;;
    sinergi.conf.5) exits "$from: is configuration" 0 "$cli" -c "$base/text" outbox ;;
    sinergid.conf.5)
        echo "codes: { path = \"$dest/usr/share/sinergi/codes\"; };" >>"$base/text"
        exits "$from: is configuration" 0 "$daemon" --check "$base/text"
        ;;
    sinergi-agent.conf.5)
        cp "$base/text" "$desk/example.conf"
        exits "$from: is configuration" 0 sinergi-agent -c "$desk/example.conf" --check
        ;;
    sinergi-map.5) # over a sheet that has its headings and no row
        grep -oE '(column|date|key) *= *[[(]? *"[^"]*"(, *"[^"]*")*' "$base/text" | awk -F '"' '
            { last = /^key/ ? NF : 2 } # of a column its first name
            { for (i = 2; i <= last; i += 2) if ($i != "" && !seen[$i]++) print $i }' | paste -sd ';' >"$base/headings.csv"
        exits "$from: is a map" 0 sinergi import --map "$base/text" --dry-run "$base/headings.csv"
        cp "$base/text" "$(desk_of "$from")/razia.map" # the last one is whole, and what follows speaks of it
        ;;
    table) cp "$base/text" "$(desk_of "$from")/razia.csv" ;;
    *) not_ok "$from: an example of a kind that nobody runs ($kind): $(sed -n 2p "$block")" ;;
    esac
done
check "there were some of README.md" test "$(find "$base/blocks" -name 'readme-*' | wc -l)" -ge 4
check "and of the man pages" test "$(find "$base/blocks" -name 'man-*' | wc -l)" -ge 15
done_testing
