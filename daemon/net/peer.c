#include "net/peer.h"

#include "kit/check.h"
#include "wire/sign.h"

#include <sys/socket.h>
#include <sys/stat.h>

#define SLOT_BITS 16
#define BUCKETS 1024U

struct peers {
    size_t capacity, count;
    size_t top; /* entries from here on were never used */
    uint64_t serial, seed;
    uint32_t free; /* entry + 1, chained by next */
    uint32_t buckets[BUCKETS];
    struct peer_entry *entries;
};

/* ---- sockets ---- */

static bool socket_inode(int fd, ino_t *out_inode)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
        return false;
    *out_inode = st.st_ino;
    return true;
}

struct peer_socket peer_socket_of(int fd)
{
    struct peer_socket found = {.fd = fd};
    if (!socket_inode(fd, &found.inode))
        found.fd = -1;
    return found;
}

bool peer_socket_alive(const struct peer_socket *at)
{
    ino_t inode;
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    return socket_inode(at->fd, &inode) && inode == at->inode &&
           getpeername(at->fd, (struct sockaddr *)&address, &len) == 0;
}

void peer_socket_end(const struct peer_socket *at)
{
    if (peer_socket_alive(at))
        (void)shutdown(at->fd, SHUT_RDWR); /* already gone is as good */
}

/* ---- table ---- */

enum sg_err peers_new(size_t capacity, struct peers **out_peers, struct sg_why *why)
{
    SG_CHECK(capacity > 0 && capacity < 1U << SLOT_BITS);
    SG_AUTO(peers_free) struct peers *peers = calloc(1, sizeof *peers);
    if (peers)
        peers->entries = calloc(capacity, sizeof *peers->entries);
    if (!peers || !peers->entries)
        return sg_fail(why, SG_E_SYS, "out of memory for %zu connections", capacity);
    peers->capacity = capacity;
    sg_random(&peers->seed, sizeof peers->seed);
    *out_peers = SG_TAKE(peers);
    return SG_OK;
}

void peers_free(struct peers **peers)
{
    struct peers *gone = SG_TAKE(*peers);
    if (!gone)
        return;
    free(gone->entries);
    free(gone);
}

/* Seeded, so that nobody chooses routing ids that all fall into one bucket. */
static uint32_t *bucket_of(struct peers *peers, size_t side, struct sg_bytes id)
{
    uint64_t hash = peers->seed + side;
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ id.ptr[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return &peers->buckets[(hash >> 32) % BUCKETS];
}

static uint32_t place_of(const struct peers *peers, const struct peer_entry *entry)
{
    return (uint32_t)(entry - peers->entries) + 1;
}

struct peer_entry *peers_find(struct peers *peers, size_t side, struct sg_bytes id)
{
    for (uint32_t at = *bucket_of(peers, side, id); at; at = peers->entries[at - 1].next) {
        struct peer_entry *entry = &peers->entries[at - 1];
        if (entry->side == side && entry->id_len == id.len &&
            memcmp(entry->id, id.ptr, id.len) == 0)
            return entry;
    }
    return NULL;
}

struct peer_entry *peers_by_number(struct peers *peers, uint64_t number)
{
    size_t slot = number & ((1U << SLOT_BITS) - 1);
    if (number == 0 || slot >= peers->capacity || peers->entries[slot].number != number)
        return NULL;
    return &peers->entries[slot];
}

static struct peer_entry *take_free(struct peers *peers)
{
    if (peers->free) {
        struct peer_entry *entry = &peers->entries[peers->free - 1];
        peers->free = entry->next;
        return entry;
    }
    return peers->top < peers->capacity ? &peers->entries[peers->top++] : NULL;
}

struct peer_entry *peers_add(struct peers *peers, size_t side, struct sg_bytes id)
{
    SG_CHECK(id.len <= ROUTING_ID_MAX);
    struct peer_entry *entry = take_free(peers);
    if (!entry)
        return NULL;
    uint32_t *bucket = bucket_of(peers, side, id);
    *entry = (struct peer_entry){
        .number = ++peers->serial << SLOT_BITS | (uint64_t)(entry - peers->entries),
        .side = side,
        .id_len = id.len,
        .socket = {.fd = -1},
        .end_at_ns = INT64_MAX,
        .next = *bucket,
    };
    memcpy(entry->id, id.ptr, id.len);
    *bucket = place_of(peers, entry);
    peers->count++;
    return entry;
}

void peers_remove(struct peers *peers, struct peer_entry *entry)
{
    SG_CHECK(entry->number);
    uint32_t place = place_of(peers, entry);
    uint32_t *link = bucket_of(peers, entry->side, (struct sg_bytes){entry->id, entry->id_len});
    while (*link != place)
        link = &peers->entries[*link - 1].next;
    *link = entry->next;
    entry->number = 0;
    entry->next = peers->free;
    peers->free = place;
    peers->count--;
}

struct peer_entry *peers_next(struct peers *peers, size_t *at)
{
    while (*at < peers->top) {
        struct peer_entry *entry = &peers->entries[(*at)++];
        if (entry->number)
            return entry;
    }
    return NULL;
}

size_t peers_count(const struct peers *peers)
{
    return peers->count;
}

size_t peers_of_device(struct peers *peers, const char *agency, const char *device)
{
    size_t count = 0, at = 0;
    for (struct peer_entry *entry; (entry = peers_next(peers, &at));)
        count += entry->state != PEER_ENDED && strcmp(entry->agency, agency) == 0 &&
                 strcmp(entry->device, device) == 0;
    return count;
}
