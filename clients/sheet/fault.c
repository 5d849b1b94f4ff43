#include "sheet/fault.h"

#include <stdio.h>
#include <string.h>

/* Cut back to the end of a whole character: a byte of the form 10xxxxxx goes on with one. */
static size_t whole(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0U) == 0x80U)
        len--;
    return len;
}

void fault_put(char *to, size_t size, const char *text)
{
    static const char more[] = "…";
    size_t len = strlen(text);
    bool cut = len >= size;
    if (cut)
        len = whole(text, size - sizeof more);
    if (len)
        memmove(to, text, len);
    to[len] = '\0';
    if (cut)
        memcpy(to + len, more, sizeof more);
}

__attribute__((format(printf, 3, 0))) static void print(char *to, size_t size, const char *format,
                                                        va_list args)
{
    char text[1024];
    (void)vsnprintf(text, sizeof text, format, args);
    size_t len = strlen(text);
    if (len == sizeof text - 1)
        text[whole(text, len - 1)] = '\0';
    fault_put(to, size, text);
}

bool fault_say(struct sheet_fault *fault, const char *code, const char *rule_id,
               const char *rule_en, ...)
{
    va_list args;
    fault->code = code;
    va_start(args, rule_en);
    print(fault->rule_id, sizeof fault->rule_id, rule_id, args);
    va_end(args);
    va_start(args, rule_en);
    print(fault->rule_en, sizeof fault->rule_en, rule_en, args);
    va_end(args);
    return false;
}

bool fault_accept(struct sheet_fault *fault, const char *id, const char *en, ...)
{
    va_list args;
    va_start(args, en);
    print(fault->accepted_id, sizeof fault->accepted_id, id, args);
    va_end(args);
    va_start(args, en);
    print(fault->accepted_en, sizeof fault->accepted_en, en, args);
    va_end(args);
    return false;
}
