// What the server says about itself: health as JSON, metrics in Prometheus's text format.

#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/bytes.h"
#include "base/time.h"

struct server;

void server_metrics_write(const struct server *server, struct writer *w, yodel_time now);
void server_metrics_write_health(const struct server *server, struct writer *w, yodel_time now);

#endif
