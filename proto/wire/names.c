#include "wire/names.h"

#include <stdio.h>
#include <string.h>

void sg_names_add(struct sg_names *names, const char *name)
{
    static const char more[] = ", …";
    size_t room = sizeof names->text - sizeof more - names->len;
    if (names->full)
        return;
    const char *comma = names->len ? ", " : "";
    if (strlen(comma) + strlen(name) > room) {
        memcpy(names->text + names->len, more, sizeof more);
        names->full = true;
        return;
    }
    names->len += (size_t)snprintf(names->text + names->len, room + 1, "%s%s", comma, name);
}

size_t sg_enum_prefix(const ProtobufCEnumDescriptor *descriptor)
{
    const char *first = descriptor->n_values ? descriptor->values[0].name : "";
    const char *end = strstr(first, "UNSPECIFIED");
    return end ? (size_t)(end - first) : 0;
}

void sg_enum_names(const ProtobufCEnumDescriptor *descriptor, struct sg_names *names)
{
    size_t prefix = sg_enum_prefix(descriptor);
    for (unsigned i = 0; i < descriptor->n_values; i++)
        if (descriptor->values[i].value != 0)
            sg_names_add(names, descriptor->values[i].name + prefix);
}
