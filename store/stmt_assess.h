/* ---- assess.c, decide.c: judgement and the owner's words. Part of stmt_list.h. */
