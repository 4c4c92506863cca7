#include "store/query.h"
