#include "broker/inside.h"

#include "kit/check.h"

#include <stdio.h>

struct session *session_find(struct broker *broker, struct peer peer)
{
    for (size_t i = 0; i < broker->session_high; i++)
        if (session_live(&broker->sessions[i]) && broker->sessions[i].peer.n == peer.n)
            return &broker->sessions[i];
    return NULL;
}

void session_touch(struct broker *broker, struct session *session)
{
    if (session->touched)
        return;
    struct undo *undo = sg_arena_alloc(&broker->undo_arena, sizeof *undo);
    SG_CHECK(undo);
    undo->index = (size_t)(session - broker->sessions);
    undo->before = *session;
    undo->next = broker->undo;
    broker->undo = undo;
    session->touched = true;
}

struct session *session_open(struct turn *t, const struct frame_in *in)
{
    struct broker *b = t->broker;
    size_t i = 0;
    while (i < b->session_high && b->sessions[i].used)
        i++;
    if (i == SESSIONS_MAX)
        return NULL;
    if (i == b->session_high)
        b->session_high++;
    struct session *session = &b->sessions[i];
    session_touch(b, session);
    *session = (struct session){.used = true,
                                .touched = true,
                                .peer = in->peer,
                                .local = in->local,
                                .heard_ns = t->in->mono_ns,
                                .since_ms = t->world.now_ms};
    (void)snprintf(session->agency, sizeof session->agency, "%s", in->agency);
    (void)snprintf(session->device, sizeof session->device, "%s", in->device);
    b->counters.sessions_opened++;
    presence_changed(b);
    return session;
}

bool session_stale(const struct session *session)
{
    for (size_t i = 0; i < session->sub_count; i++)
        if (session->subs[i].row_stale)
            return true;
    return false;
}

/* What it has acknowledged is written before its place is given to another. */
static void leave(struct broker *broker, struct session *session)
{
    session->ended = session_stale(session);
    session->used = session->ended;
    broker->counters.sessions_cut++;
    presence_changed(broker);
}

void session_close(struct broker *broker, struct session *session)
{
    session_touch(broker, session);
    leave(broker, session);
}

bool session_serves(const struct request *r)
{
    return r->frame && r->session && session_live(r->session) &&
           r->session->peer.n == r->in->peer.n;
}

void session_undo(struct broker *broker)
{
    for (struct undo *u = broker->undo; u; u = u->next)
        broker->sessions[u->index] = u->before;
    session_keep(broker);
}

void session_keep(struct broker *broker)
{
    for (struct undo *u = broker->undo; u; u = u->next)
        broker->sessions[u->index].touched = false;
    broker->undo = NULL;
    sg_arena_reset(&broker->undo_arena, 0);
}

struct sub *session_sub(struct session *session, const char *name)
{
    for (size_t i = 0; i < session->sub_count; i++)
        if (strcmp(session->subs[i].name, name) == 0)
            return &session->subs[i];
    return NULL;
}

struct session *session_holder(struct broker *broker, const char *agency, const char *name,
                               struct sub **out_sub)
{
    for (size_t i = 0; i < broker->session_high; i++) {
        struct session *session = &broker->sessions[i];
        if (!session_live(session) || strcmp(session->agency, agency) != 0)
            continue;
        *out_sub = session_sub(session, name);
        if (*out_sub)
            return session;
    }
    return NULL;
}

void session_drop_sub(struct session *session, struct sub *sub)
{
    session->frames_in_flight -= (unsigned)sub->frame_count;
    *sub = session->subs[--session->sub_count];
}

void broker_peer_gone(struct broker *broker, struct peer peer)
{
    struct session *session = session_find(broker, peer);
    if (session)
        leave(broker, session);
}
