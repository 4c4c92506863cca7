#include "store/judge/dns/tag_text.h"

/* clang-format off */
const struct dns_tag_text dns_tag_texts[DNS_TAG_TEXTS] = {
	{ "v", {
		"The version. A DMARC record begins with exactly v=DMARC1; otherwise it is ignored.",
		"La versión. Un registro DMARC empieza exactamente por v=DMARC1; si no, se ignora.",
	} },
	{ "p", {
		"The policy: what receivers should do with mail from your domain that fails DMARC. none only watches, quarantine sends it to spam, reject refuses it.",
		"La política: qué deben hacer los receptores con el correo de su dominio que no supera DMARC. none solo observa, quarantine lo manda a spam, reject lo rechaza.",
	} },
	{ "sp", {
		"The policy for your subdomains. Without it p counts for them too.",
		"La política para sus subdominios. Si falta, también vale para ellos la de p.",
	} },
	{ "np", {
		"The policy for subdomains that do not exist. np=reject stops invented names; without it sp counts, or p.",
		"La política para subdominios que no existen. np=reject detiene los nombres inventados; si falta, vale sp o, en su defecto, p.",
	} },
	{ "rua", {
		"Where the daily summary reports go: addresses with mailto: in front, separated by commas. Without it no reports come.",
		"Adónde van los informes resumidos diarios: direcciones precedidas de mailto: y separadas por comas. Sin ella no llegan informes.",
	} },
	{ "ruf", {
		"Where reports about single failed messages go. Few receivers send them, and they can carry personal data.",
		"Adónde van los informes sobre mensajes fallidos concretos. Pocos receptores los envían y pueden contener datos personales.",
	} },
	{ "fo", {
		"When to send the reports that ruf asks for: 0 if both SPF and DKIM fail, 1 if either fails, d for DKIM alone, s for SPF alone. Without ruf it does nothing.",
		"Cuándo enviar los informes que pide ruf: 0 si fallan SPF y DKIM, 1 si falla cualquiera de los dos, d solo por DKIM, s solo por SPF. Sin ruf no hace nada.",
	} },
	{ "adkim", {
		"How closely the domain of the DKIM signature must match the sender's: r lets subdomains of the same organisation pass, s asks for the very same name. r is the default.",
		"Hasta qué punto debe coincidir el dominio de la firma DKIM con el del remitente: r acepta los subdominios de la misma organización, s exige el mismo nombre. Por defecto, r.",
	} },
	{ "aspf", {
		"The same for SPF: how closely the bounce address must match the sender's domain. r is the default; s breaks many services.",
		"Lo mismo para SPF: hasta qué punto debe coincidir la dirección de rebote con el dominio del remitente. Por defecto, r; s rompe muchos servicios.",
	} },
	{ "t", {
		"Test mode. With t=y receivers apply the policy one step lower: reject becomes quarantine, quarantine becomes none. Older receivers ignore it.",
		"Modo de prueba. Con t=y los receptores aplican la política un paso más abajo: reject pasa a quarantine y quarantine a none. Los receptores antiguos lo ignoran.",
	} },
	{ "psd", {
		"For registries such as those of country domains only. Leave it out.",
		"Solo para registros de dominios, como los de país. No la ponga.",
	} },
	{ "pct", {
		"The share of failing mail the policy was for, in per cent. Removed in 2026: new receivers apply the policy to all mail. A number alone, never \"50%\".",
		"El porcentaje de correo fallido al que se aplicaba la política. Se eliminó en 2026: los receptores nuevos la aplican a todo. Solo el número, nunca \"50%\".",
	} },
	{ "rf", {
		"The format of the reports ruf asks for. Removed in 2026; there was only ever afrf.",
		"El formato de los informes que pide ruf. Se eliminó en 2026; nunca hubo otro que afrf.",
	} },
	{ "ri", {
		"The seconds between two reports that were wished for. Removed in 2026; reports come once a day.",
		"Los segundos deseados entre dos informes. Se eliminó en 2026; los informes llegan una vez al día.",
	} },
	{ "~all", {
		"All other servers are suspicious: their mail is accepted for now, and DKIM and DMARC decide. The usual ending of an SPF record.",
		"Los demás servidores son sospechosos: de momento se acepta su correo y deciden DKIM y DMARC. Es el final habitual de un registro SPF.",
	} },
	{ "-all", {
		"All other servers are forbidden. Some receivers refuse their mail before they look at DKIM, forwarded mail too. Right for domains that send nothing.",
		"Los demás servidores están prohibidos. Algunos receptores rechazan su correo antes de mirar DKIM, también el reenviado. Adecuado para dominios que no envían nada.",
	} },
	{ "?all", {
		"Nothing is said of all other servers. The record then protects nobody; use ~all.",
		"No se dice nada de los demás servidores. Así el registro no protege a nadie; use ~all.",
	} },
	{ "+all", {
		"Every server in the world may send as you. Never publish this; use ~all or -all.",
		"Cualquier servidor del mundo puede enviar en su nombre. No lo publique nunca; use ~all o -all.",
	} },
};
/* clang-format on */

const struct dns_tag_text *dns_tag_text_find(struct slice tag)
{
	if (slice_equal_fold(tag, SLICE_LIT("all")))
		tag = SLICE_LIT("+all");
	for (size_t i = 0; i < DNS_TAG_TEXTS; i++) {
		if (slice_equal_fold(tag, slice_of(dns_tag_texts[i].tag)))
			return &dns_tag_texts[i];
	}
	return NULL;
}
