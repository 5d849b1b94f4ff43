# phrases.awk - what a refusal would accept is said in Indonesian too: every such text of the sources
# stands in the table of proto/wire/phrases.c, and the table holds no other.
# Usage: awk -f phrases.awk proto/wire/phrases.c SOURCES…
#
# Texts are found in two ways. In a call of one of the functions below, the argument of that number is
# such a text. In a file that has such a call, so is every text of several words: it stands in a table,
# or in a variable, and comes to such a call later.
BEGIN {
    doors = "sg_refuse 5,refuse 5,refuse_form 3,refuse_visit 6,refuse_code 4,not_met 3,missing 3," \
            "wrong 4,disagrees 5,unknown 4,owns 4,park 6,reply_error_code 4,reply_bye 5,cut 5"
    split(doors, each, ",")
    for (i in each) {
        split(each[i], pair, " ")
        door[pair[1]] = pair[2]
    }
    door["proto/wire/scan.c refuse"] = 6
    door["proto/wire/json.c refuse"] = 4
    # Sentences for a log or for the operator, and assertions.
    split("sg_fail client_fail complain static_assert", each, " ")
    for (i in each)
        quiet[each[i]] = 1
}

function closefile(    i) {
    if (name ~ /(phrases|status)\.c$/) # status.c has the sentences of the codes, side by side
        return
    for (i = 1; i <= found; i++)
        if (certain[i] || refuses)
            need(text[i], place[i])
}

function need(phrase, where) {
    used[phrase] = 1
    if (phrase in table || phrase in said)
        return
    said[phrase] = 1
    printf "%s: \"%s\" has no Indonesian in proto/wire/phrases.c\n", where, phrase
    bad = 1
}

# Codes, names of states and values say the same in every language.
function is_words(literal,    plain) {
    plain = literal
    gsub(/%[-0-9.]*[a-z]+/, "", plain)
    return plain ~ /[a-z]/
}

function flush(    i, top) {
    if (!open_literal)
        return
    open_literal = 0
    if (name ~ /phrases\.c$/) { # the first text of {"English", "Indonesian"}
        if (argument[depth] == 1)
            table[literal] = FILENAME ":" FNR
        return
    }
    for (i = 1; i <= depth; i++)
        if (called[i] in quiet)
            return
    top = called[depth]
    i = (name " " top) in door ? door[name " " top] : top in door ? door[top] : 0
    if (is_words(literal) && (i == argument[depth] || literal ~ / /)) {
        certain[++found] = i == argument[depth]
        text[found] = literal
        place[found] = FILENAME ":" FNR
    }
}

FNR == 1 {
    closefile()
    name = FILENAME
    found = depth = comment = refuses = open_literal = 0
    last = ""
    argument[0] = 1
}
/^#/ { next }
{
    line = $0
    while (line != "") {
        if (comment) {
            if (!(at = index(line, "*/")))
                next
            line = substr(line, at + 2)
            comment = 0
            continue
        }
        if (match(line, /^[ \t]+/)) {
            line = substr(line, RLENGTH + 1)
            continue
        }
        if (substr(line, 1, 2) == "/*") {
            comment = 1
            line = substr(line, 3)
            continue
        }
        if (match(line, /^"([^"\\]|\\.)*"/)) { # texts side by side are one
            literal = (open_literal ? literal : "") substr(line, 2, RLENGTH - 2)
            open_literal = 1
            line = substr(line, RLENGTH + 1)
            last = ""
            continue
        }
        flush()
        if (!match(line, /^[A-Za-z_][A-Za-z_0-9]*/) && !match(line, /^'([^'\\]|\\.)*'/))
            RLENGTH = 1
        token = substr(line, 1, RLENGTH)
        line = substr(line, RLENGTH + 1)
        if (token ~ /^[([{]$/) {
            called[++depth] = last
            argument[depth] = 1
            if (last ~ /^(sg_refuse|refuse|reply_error_code|reply_bye|owns)$/)
                refuses = 1
        } else if (token ~ /^[])}]$/) {
            depth--
        } else if (token == ",") {
            argument[depth]++
        }
        last = token ~ /^[A-Za-z_]/ ? token : ""
    }
}

END {
    closefile()
    for (phrase in table)
        if (!(phrase in used)) {
            printf "%s: \"%s\" stands in no refusal\n", table[phrase], phrase
            bad = 1
        }
    exit bad
}
