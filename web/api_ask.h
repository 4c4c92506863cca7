/*
 * api_ask: questions that come with more than a filter: the text of a refused mail, another policy.
 */
#ifndef WEB_API_ASK_H
#define WEB_API_ASK_H

#include "web/api.h"

web_handler api_bounce;	/* the body is the text: read, answered, forgotten */
web_handler api_whatif;	/* the parameters are the wish */

#endif
