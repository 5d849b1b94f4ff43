/* limits.h - greatest sizes on the wire and in a turn, with the asserts that relate them.
 *
 * A client that keeps these limits never fills a pipe of the broker: what it may have in flight
 * (frames unanswered, Deliver frames not acknowledged, one query page) is the high-water mark.
 */
#ifndef SINERGI_WIRE_LIMITS_H
#define SINERGI_WIRE_LIMITS_H

#include <assert.h>

#define SG_PROTOCOL 1U

#define SG_ID_BYTES 16
#define SG_HASH_BYTES 32
#define SG_KEY_BYTES 32
#define SG_SIGNATURE_BYTES 64
#define SG_AGENCY_MAX 31 /* bytes of an agency id */
#define SG_DEVICE_MAX 31
#define SG_NAME_MAX 63 /* of a subscription */

#define SG_BODY_MAX 65000U    /* one frame */
#define SG_ZMQ_MSG_MAX 65536U /* ZMQ_MAXMSGSIZE; CURVE adds 33 bytes inside it */
#define SG_EVENT_MAX 16384U   /* clear and personal together */
#define SG_FRAME_EVENTS_MAX 48U
#define SG_DELIVER_EVENTS_MAX 256U
#define SG_UNANSWERED_EVENTS_MAX 1024U
#define SG_UNANSWERED_FRAMES_MAX 22U
#define SG_DELIVER_FRAMES_MAX 8U
#define SG_RCVHWM 32
/* libzmq tells of what was read by halves of the mark: 32 may be unread and 31 untold. */
#define SG_SNDHWM 64
#define SG_OUTBOXES_MAX 16U
#define SG_DEVICES_MAX 64U
#define SG_AGENCIES_MAX 64U
#define SG_SUBSCRIPTIONS_MAX 16U /* attached at once on one connection */

#define SG_TURN_EVENTS_MAX 1000U
#define SG_TURN_BYTES_MAX (4U << 20)
#define SG_TURN_OLD_BLOCKS_MAX 16U /* blocks whose tree is computed again for resent frames */
#define SG_MAILBOX_ENTRIES_MAX 400U
#define SG_DEAD_AFTER_ATTEMPTS 5U

#define SG_SCAN_DEPTH_MAX 8U
#define SG_SCAN_FIELDS_MAX 512U         /* of an event */
#define SG_SCAN_FRAME_FIELDS_MAX 16384U /* of a frame: 256 deliveries, 48 outcomes of 30 fields */
#define SG_SCAN_REPEATED_MAX 256U
#define SG_SCAN_UNKNOWN_MAX 16U
#define SG_DECODE_BUDGET(size) (8U * (size) + 65536U)

#define SG_TEXT_SHORT_MAX 120U
#define SG_TEXT_NOTE_MAX 500U
#define SG_TEXT_DETAIL_MAX 250U

static_assert(SG_BODY_MAX + 33 < SG_ZMQ_MSG_MAX, "a whole frame passes CURVE");
static_assert(SG_EVENT_MAX < SG_BODY_MAX, "an event fits into a frame");
static_assert(SG_UNANSWERED_FRAMES_MAX + SG_DELIVER_FRAMES_MAX + 2 <= SG_SNDHWM / 2,
              "no pipe fills, even when half of what was read is not told yet");
static_assert(SG_FRAME_EVENTS_MAX <= SG_TURN_EVENTS_MAX, "a frame fits into a turn");
static_assert(SG_FRAME_EVENTS_MAX * SG_HASH_BYTES + 264 <= 1800, "a frames row stays small");
static_assert(SG_BODY_MAX <= SG_TURN_BYTES_MAX, "a frame fits into a turn");

#endif
