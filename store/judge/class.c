#include "store/judge/class.h"

const char *const class_names[CLASS_COUNT] = {
	[CLASS_YOURS] = "yours",
	[CLASS_FORWARDED] = "forwarded",
	[CLASS_TO_DECIDE] = "to_decide",
	[CLASS_NOT_YOURS] = "not_yours",
};

const char *const class_rule_names[CLASS_RULE_COUNT] = {
	[CLASS_BY_DECISION] = "decision",
	[CLASS_BY_OWN_NETWORK] = "own-network",
	[CLASS_BY_LISTED_SERVICE] = "listed-service",
	[CLASS_BY_REASON] = "reason",
	[CLASS_BY_SPF] = "spf",
	[CLASS_BY_DKIM_HOME] = "dkim-home",
	[CLASS_BY_DKIM_ELSEWHERE] = "dkim-elsewhere",
	[CLASS_BY_DKIM_INFERRED] = "dkim-inferred",
	[CLASS_BY_FAILING_HOME] = "failing-home",
	[CLASS_BY_FAILING_SHARE] = "failing-share",
	[CLASS_BY_RELAY] = "relay",
	[CLASS_BY_CHANGED_IN_TRANSIT] = "changed-in-transit",
	[CLASS_BY_SIGNATURE] = "signature",
	[CLASS_BY_SERVICE] = "service",
	[CLASS_BY_NEAR_OWN] = "near-own",
	[CLASS_BY_STEADY] = "steady",
	[CLASS_BY_STRANGER] = "stranger",
	[CLASS_BY_PROVISIONAL] = "provisional",
	[CLASS_BY_FAILING_SPF] = "failing-spf",
};

const char *const class_rule_texts[CLASS_RULE_COUNT] = {
	[CLASS_BY_DECISION] = "You decided this for the source.",
	[CLASS_BY_OWN_NETWORK] = "The address lies in one of your own networks: Yours.",
	[CLASS_BY_LISTED_SERVICE] = "You listed this service as one that sends for you: Yours.",
	[CLASS_BY_REASON] = "The receiver says the message came through a forwarder or a mailing"
			    " list: Forwarded.",
	[CLASS_BY_SPF] =
		"SPF passes and is aligned: your own records let this address send: Yours.",
	[CLASS_BY_DKIM_HOME] = "Signed with a key of your domain, by a source that uses this key as"
			       " a rule: Yours.",
	[CLASS_BY_DKIM_ELSEWHERE] =
		"Signed with a key of your domain that another source uses; this"
		" one passed the message on unchanged: Forwarded.",
	[CLASS_BY_DKIM_INFERRED] = "Signed with a key of your domain, and no other source is known"
				   " to use this key: Yours.",
	[CLASS_BY_FAILING_HOME] = "Fails DMARC, but carries a signature with a key that this source"
				  " uses for you: Yours.",
	[CLASS_BY_FAILING_SHARE] = "Fails DMARC, but other mail of this source passes as your own:"
				   " Yours.",
	[CLASS_BY_RELAY] = "Comes from a known forwarder or mailing list service: Forwarded.",
	[CLASS_BY_CHANGED_IN_TRANSIT] = "The signature with a key of your domain no longer fits and"
					" the key is used elsewhere: the message was changed on its"
					" way: Forwarded.",
	[CLASS_BY_SIGNATURE] = "Carries a signature of your domain that cannot be confirmed: To"
			       " decide.",
	[CLASS_BY_SERVICE] =
		"Comes from a known mail service that is not set up for your domain: To"
		" decide.",
	[CLASS_BY_NEAR_OWN] = "The address is next to one that passes SPF for you: To decide.",
	[CLASS_BY_STEADY] = "An unknown address has been sending with your return address for two"
			    " weeks or more; it may be a forgotten server: To decide.",
	[CLASS_BY_STRANGER] = "Nothing ties this source to your domain: Not yours.",
	[CLASS_BY_PROVISIONAL] = "Just arrived: only a first guess until the reading of reports"
				 " ends.",
	[CLASS_BY_FAILING_SPF] =
		"Fails DMARC, but your own SPF record lets this address send: Yours.",
};

const char *const class_rule_texts_es[CLASS_RULE_COUNT] = {
	[CLASS_BY_DECISION] = "Usted lo decidió así para este origen.",
	[CLASS_BY_OWN_NETWORK] = "La dirección está en una de sus propias redes: Propio.",
	[CLASS_BY_LISTED_SERVICE] = "Usted indicó que este servicio envía en su nombre: Propio.",
	[CLASS_BY_REASON] = "El receptor dice que el mensaje llegó por un reenvío o una lista de"
			    " correo: Reenviado.",
	[CLASS_BY_SPF] = "SPF es correcto y está alineado: sus propios registros autorizan esta"
			 " dirección: Propio.",
	[CLASS_BY_DKIM_HOME] = "Lleva la firma de una clave de su dominio que este origen usa"
			       " habitualmente: Propio.",
	[CLASS_BY_DKIM_ELSEWHERE] = "Lleva la firma de una clave de su dominio que usa otro origen;"
				    " este solo reenvió el mensaje sin cambiarlo: Reenviado.",
	[CLASS_BY_DKIM_INFERRED] = "Lleva la firma de una clave de su dominio y no se conoce otro"
				   " origen que use esa clave: Propio.",
	[CLASS_BY_FAILING_HOME] =
		"No supera DMARC, pero lleva la firma de una clave que este origen"
		" usa para usted: Propio.",
	[CLASS_BY_FAILING_SHARE] = "No supera DMARC, pero otros mensajes de este origen lo superan"
				   " como correo de usted: Propio.",
	[CLASS_BY_RELAY] = "Viene de un servicio conocido de reenvío o de listas de correo:"
			   " Reenviado.",
	[CLASS_BY_CHANGED_IN_TRANSIT] = "La firma de una clave de su dominio ya no es válida y esa"
					" clave se usa en otro origen: el mensaje cambió por el"
					" camino: Reenviado.",
	[CLASS_BY_SIGNATURE] = "Lleva una firma de su dominio que no se puede confirmar: Por"
			       " decidir.",
	[CLASS_BY_SERVICE] = "Viene de un servicio de correo conocido que no está configurado para"
			     " su dominio: Por decidir.",
	[CLASS_BY_NEAR_OWN] = "La dirección está junto a otra que supera SPF para usted: Por"
			      " decidir.",
	[CLASS_BY_STEADY] =
		"Desde hace dos semanas o más, una dirección desconocida envía con un"
		" remitente de rebote de su dominio; puede ser un servidor olvidado: Por"
		" decidir.",
	[CLASS_BY_STRANGER] = "Nada relaciona este origen con su dominio: Ajeno.",
	[CLASS_BY_PROVISIONAL] = "Acaba de llegar: es solo una primera estimación hasta que termine"
				 " la lectura de informes.",
	[CLASS_BY_FAILING_SPF] =
		"No supera DMARC, pero su propio registro SPF autoriza esta dirección:"
		" Propio.",
};

#define OWN_PERCENT 5 /* of a group's mail passes as yours: then what fails is yours too */
#define FORWARDED                                                                                  \
	(1U << REPORT_REASON_MAILING_LIST | 1U << REPORT_REASON_TRUSTED_FORWARDER |                \
		1U << REPORT_REASON_FORWARDED)

bool class_passes(const struct trait *t)
{
	return report_verdict((enum report_result)t->dkim, (enum report_result)t->spf) ==
	       REPORT_VERDICT_PASS;
}

/* Without a product: sums of messages use up to 63 bits. */
static bool sends_own_share(const struct class_facts *f)
{
	const int64_t parts = 100 / OWN_PERCENT;

	return f->group_messages > 0 &&
	       f->group_own >= f->group_messages / parts + (f->group_messages % parts != 0);
}

/* Verified, though not aligned: strict alignment and a key of another name of the organisation. */
static bool has_valid_signature(const struct trait *t)
{
	for (unsigned i = 0; i < t->signatures_len; i++) {
		if (t->signatures[i].pass)
			return true;
	}
	return false;
}

/* Fails DMARC and carries a signature of header_from's organisation. */
static enum class_rule rule_of_signed(const struct class_facts *f)
{
	if (f->home_here)
		return CLASS_BY_FAILING_HOME;
	if (f->own_spf)
		return CLASS_BY_FAILING_SPF;
	if (sends_own_share(f))
		return CLASS_BY_FAILING_SHARE;
	if (f->relay_service)
		return CLASS_BY_RELAY;
	if (f->home_elsewhere && f->small_beside_home)
		return CLASS_BY_CHANGED_IN_TRANSIT;
	if (!f->home_elsewhere && has_valid_signature(f->trait))
		return CLASS_BY_FAILING_HOME;
	return CLASS_BY_SIGNATURE;
}

/* Fails DMARC and carries none. */
static enum class_rule rule_of_unsigned(const struct class_facts *f)
{
	if (f->own_spf)
		return CLASS_BY_FAILING_SPF;
	if (sends_own_share(f))
		return CLASS_BY_FAILING_SHARE;
	if (f->relay_service)
		return CLASS_BY_RELAY;
	if (f->known_service)
		return CLASS_BY_SERVICE;
	if (f->near_own)
		return CLASS_BY_NEAR_OWN;
	if (f->trait->envelope == TRAIT_ENVELOPE_OWN && f->steady)
		return CLASS_BY_STEADY;
	return CLASS_BY_STRANGER;
}

static enum class_rule rule_of(const struct class_facts *f)
{
	const struct trait *t = f->trait;

	if (f->decided >= 0)
		return CLASS_BY_DECISION;
	if (f->own_network)
		return CLASS_BY_OWN_NETWORK;
	if (f->listed_service)
		return CLASS_BY_LISTED_SERVICE;
	if ((t->reasons & FORWARDED) != 0)
		return CLASS_BY_REASON;
	if (t->spf == REPORT_RESULT_PASS)
		return CLASS_BY_SPF;
	if (t->dkim == REPORT_RESULT_PASS && f->home_here)
		return CLASS_BY_DKIM_HOME;
	if (t->dkim == REPORT_RESULT_PASS)
		return f->home_elsewhere ? CLASS_BY_DKIM_ELSEWHERE : CLASS_BY_DKIM_INFERRED;
	return t->signatures_len > 0 ? rule_of_signed(f) : rule_of_unsigned(f);
}

/* What each rule says, whatever brought it up. The owner's decision says its own. */
static const enum class rule_classes[CLASS_RULE_COUNT] = {
	[CLASS_BY_OWN_NETWORK] = CLASS_YOURS,
	[CLASS_BY_LISTED_SERVICE] = CLASS_YOURS,
	[CLASS_BY_REASON] = CLASS_FORWARDED,
	[CLASS_BY_SPF] = CLASS_YOURS,
	[CLASS_BY_DKIM_HOME] = CLASS_YOURS,
	[CLASS_BY_DKIM_ELSEWHERE] = CLASS_FORWARDED,
	[CLASS_BY_DKIM_INFERRED] = CLASS_YOURS,
	[CLASS_BY_FAILING_HOME] = CLASS_YOURS,
	[CLASS_BY_FAILING_SHARE] = CLASS_YOURS,
	[CLASS_BY_FAILING_SPF] = CLASS_YOURS,
	[CLASS_BY_RELAY] = CLASS_FORWARDED,
	[CLASS_BY_CHANGED_IN_TRANSIT] = CLASS_FORWARDED,
	[CLASS_BY_SIGNATURE] = CLASS_TO_DECIDE,
	[CLASS_BY_SERVICE] = CLASS_TO_DECIDE,
	[CLASS_BY_NEAR_OWN] = CLASS_TO_DECIDE,
	[CLASS_BY_STEADY] = CLASS_TO_DECIDE,
	[CLASS_BY_STRANGER] = CLASS_NOT_YOURS,
};

/* clang-format takes "enum class" for C++. */
/* clang-format off */
enum class class_of(const struct class_facts *f, enum class_rule *ret_rule)
{
	*ret_rule = rule_of(f);
	return *ret_rule == CLASS_BY_DECISION ? (enum class)f->decided : rule_classes[*ret_rule];
}
/* clang-format on */
