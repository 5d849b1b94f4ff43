/* report.h - the agent's own words on how it fares: agent.status, and the line of the service. */
#ifndef SINERGI_AGENT_REPORT_H
#define SINERGI_AGENT_REPORT_H

struct agent;

/* Write both when they say something new. A disk that takes nothing is told by the log, once. */
void report_state(struct agent *agent);

#endif
