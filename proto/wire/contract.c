#include "wire/contract.h"

const char *sg_type_topic(uint32_t type)
{
    for (size_t i = 0; i < sg_topic_count; i++)
        if (sg_topics[i].type == type)
            return sg_topics[i].name;
    return NULL;
}

uint32_t sg_type_of_topic(struct sg_bytes topic)
{
    for (size_t i = 0; i < sg_topic_count; i++)
        if (sg_topics[i].len == topic.len && memcmp(sg_topics[i].name, topic.ptr, topic.len) == 0)
            return sg_topics[i].type;
    return 0;
}
