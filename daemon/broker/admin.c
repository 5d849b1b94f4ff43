#include "broker/inside.h"

static const char *advance(struct turn *t, int64_t to_ms)
{
    if (!t->broker->options.demo)
        return "a demo store: the clock of a real store follows the time of day";
    if (to_ms < t->world.now_ms)
        return "a time that is not before the time of now";
    t->result->clock_advance_to_ms = to_ms;
    return NULL;
}

/* The clock of a demo store stands still and then leaps: whoever is connected is told at once, in
 * the Pong that it would get at its next Ping, or it would date what it states by the day before.
 */
static enum sg_err tell_time(struct turn *t, struct peer asked_by, struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbPong pong = PB_PONG__INIT;
    struct broker *b = t->broker;
    enum sg_err err = SG_OK;
    pong.has_server_time_ms = true;
    pong.server_time_ms = t->result->clock_advance_to_ms;
    frame.pong = &pong;
    for (size_t i = 0; !err && i < b->session_high; i++) {
        const struct session *s = &b->sessions[i];
        if (session_live(s) && s->peer.n != asked_by.n)
            err = reply_send(t, s->peer, &frame, FRAME_SEND, why);
    }
    return err;
}

/* The outbox of an agency, through which the cases of the day before are loaded. */
static enum sg_err open_import(struct turn *t, const PbAdmin *admin, PbAdminResult *result,
                               struct sg_why *why)
{
    struct sg_id id;
    struct sg_bytes bytes = {admin->import_outbox_id.data, admin->import_outbox_id.len};
    bool foreign = false;
    const char *agency = admin->import_agency ? admin->import_agency : "";
    if (sg_id_from(bytes, &id) != SG_OK || sg_id_is_zero(&id)) {
        result->error = reply_error_code(t, SG_ST_SCHEMA, "import_outbox_id", "16 bytes", 0);
        return SG_OK;
    }
    if (!sg_roster_agency(t->world.roster, agency)) {
        result->error = reply_error_code(t, SG_ST_BAD_CODE, "import_agency",
                                         "an agency of the configuration", 0);
        return SG_OK;
    }
    enum sg_err err = order_import(t, &id, agency, admin->import_open, &foreign, why);
    if (!err && foreign)
        result->error =
            reply_error_code(t, SG_ST_NOT_OWNER, "import_outbox_id", "an outbox of that agency", 0);
    return err;
}

enum sg_err answer_admin(struct turn *t, struct request *r, struct sg_why *why)
{
    const PbAdmin *admin = r->frame->admin;
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbAdminResult result = PB_ADMIN_RESULT__INIT;
    const char *refused = NULL;
    enum sg_err err = SG_OK;
    result.has_request_no = true;
    result.request_no = admin->request_no;
    result.has_server_time_ms = true;
    result.server_time_ms = t->world.now_ms;
    frame.admin_result = &result;
    if (!(r->agency->capabilities & SG_CAP(PB_CAPABILITY_OPERATOR)) || !r->in->local) {
        result.error = reply_error_code(t, SG_ST_FORBIDDEN, "admin",
                                        "an OPERATOR key over the local endpoint", 0);
    } else if (admin->has_clock_advance_to_ms) {
        refused = advance(t, admin->clock_advance_to_ms);
        if (refused) {
            result.error = reply_error_code(t, SG_ST_BAD_TRANSITION, "clock", refused, 0);
        } else {
            result.server_time_ms = admin->clock_advance_to_ms;
            err = tell_time(t, r->in->peer, why);
        }
    } else if (admin->has_import_outbox_id) {
        err = open_import(t, admin, &result, why);
    } else if (admin->clock_accept) {
        t->result->clock_accept = true;
    } else {
        result.error = reply_error_code(t, SG_ST_MISSING_FIELD, "admin",
                                        "clock_advance_to_ms, clock_accept or import_outbox_id", 0);
    }
    return err ? err : reply_send(t, r->in->peer, &frame, FRAME_SEND, why);
}
