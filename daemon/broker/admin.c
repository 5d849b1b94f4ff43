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

enum sg_err answer_admin(struct turn *t, struct request *r, struct sg_why *why)
{
    const PbAdmin *admin = r->frame->admin;
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbAdminResult result = PB_ADMIN_RESULT__INIT;
    const char *refused = NULL;
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
        if (refused)
            result.error = reply_error_code(t, SG_ST_BAD_TRANSITION, "clock", refused, 0);
        else
            result.server_time_ms = admin->clock_advance_to_ms;
    } else if (admin->clock_accept) {
        t->result->clock_accept = true;
    } else {
        result.error = reply_error_code(t, SG_ST_MISSING_FIELD, "admin",
                                        "clock_advance_to_ms or clock_accept", 0);
    }
    return reply_send(t, r->in->peer, &frame, FRAME_SEND, why);
}
