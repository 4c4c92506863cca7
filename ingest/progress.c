#include "store/report.h"
