/*
 * api_check: /api/v1/check/{name}, the questions of monitoring (store/check.h) over HTTP.
 *
 * Always 200 when the check could be made, whatever it found: the state is in the body. text is the
 * plugin's own line, which `ruad-query check --url` reads.
 */
#ifndef WEB_API_CHECK_H
#define WEB_API_CHECK_H

#include "web/route.h"

web_handler api_check;

#endif
