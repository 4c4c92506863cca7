/*
 * Rows of the table in bounce_text.c: title, meaning, then up to BOUNCE_STEPS_MAX steps; each in English,
 * then in Spanish. {domain}, {address}, {selector} and {provider} may stand for a plain word.
 */
/* clang-format off */
#define LOOK_AT_SOURCE \
	"Find the server or service that sent the mail among the sources below: its cause says what to change.", \
	"Busque entre los orígenes de abajo el servidor o servicio que envió el correo: su causa dice qué cambiar."
#define SIGN \
	"Turn on DKIM for {domain} in that service or server, with that name in d= and a 2048-bit key, and publish the record it gives you.", \
	"Active DKIM para {domain} en ese servicio o servidor, con ese nombre en d= y una clave de 2048 bits, y publique el registro que le indique."
#define LIST_OWN \
	"If {address} is a server of yours, put it into the SPF record of the bounce domain. If it only forwards mail, do not.", \
	"Si {address} es un servidor de usted, añádalo al registro SPF del dominio de rebote. Si solo reenvía correo, no lo haga."
#define CHECK_RECORDS \
	"Check the records of {domain}: ruad-query dns, or the DNS page.", \
	"Compruebe los registros de {domain}: ruad-query dns o la página DNS."
#define SEND_AGAIN \
	"Send the mail again once new records are seen everywhere (up to the TTL of the old ones). The refused mail does not come back by itself.", \
	"Vuelva a enviar el correo cuando los registros nuevos se vean en todas partes (como mucho, el TTL de los antiguos). El correo rechazado no vuelve a salir solo."

B(UNAUTHENTICATED,
	"{provider} found neither a valid SPF result nor a valid DKIM signature.",
	"{provider} no encontró ni un resultado SPF válido ni una firma DKIM válida.",
	"The mail passed neither SPF nor DKIM for any domain. One of the two is required of everybody, whatever the DMARC policy says.",
	"El correo no superó ni SPF ni DKIM para ningún dominio. A todo el mundo se le exige al menos uno de los dos, diga lo que diga la política DMARC.",
	LOOK_AT_SOURCE,
	SIGN,
	LIST_OWN,
	CHECK_RECORDS,
	SEND_AGAIN)
B(DMARC_POLICY,
	"The mail failed DMARC, and {provider} refused it because of that.",
	"El correo no superó DMARC y {provider} lo rechazó por ello.",
	"Neither SPF nor DKIM passed for a domain aligned with the From address, and {domain} asks to reject such mail.",
	"Ni SPF ni DKIM fueron válidos para un dominio alineado con el remitente visible, y {domain} pide rechazar ese correo.",
	LOOK_AT_SOURCE,
	SIGN,
	"If the mail came through a mailing list or a forwarder, change nothing in DNS: only a DKIM signature that survives the way helps.",
	"Si el correo pasó por una lista o un reenvío, no cambie nada en el DNS: solo ayuda una firma DKIM que resista el camino.",
	"Adding a service's include to SPF does not align it: turn on domain authentication in the service.",
	"Añadir el include de un servicio a SPF no lo alinea: active la autenticación de dominio en el servicio.",
	SEND_AGAIN)
B(CHECK_NOT_TOLD,
	"{provider} could not verify that the mail is from {domain}.",
	"{provider} no pudo verificar que el correo sea de {domain}.",
	"SPF, DKIM or DMARC failed; the answer does not say which. Mostly it is DMARC with p=reject.",
	"Falló SPF, DKIM o DMARC; la respuesta no dice cuál. Casi siempre es DMARC con p=reject.",
	LOOK_AT_SOURCE,
	SIGN,
	LIST_OWN,
	CHECK_RECORDS,
	SEND_AGAIN)
B(NO_DMARC,
	"{provider} found no DMARC record with a policy for the sending domain.",
	"{provider} no encontró un registro DMARC con política para el dominio remitente.",
	"Those who send much mail must publish a DMARC record. p=none is enough for this requirement.",
	"Quien envía mucho correo debe publicar un registro DMARC. Para este requisito basta p=none.",
	"Publish a TXT record at _dmarc under {domain}, for example: v=DMARC1; p=none; rua=mailto: and the address for your reports.",
	"Publique un registro TXT en _dmarc bajo {domain}, por ejemplo: v=DMARC1; p=none; rua=mailto: y la dirección para sus informes.",
	"If there is one, look for a doubled zone name, a missing underscore or a second record.",
	"Si ya existe, busque un nombre de zona duplicado, un guion bajo que falte o un segundo registro.",
	CHECK_RECORDS,
	SEND_AGAIN)
B(DMARC_BROKEN,
	"The DMARC record could not be evaluated.",
	"No se pudo evaluar el registro DMARC.",
	"There are two records at the name, a tag that nobody can read, or name servers that do not answer.",
	"Hay dos registros en ese nombre, una etiqueta que no se puede leer o servidores de nombres que no responden.",
	CHECK_RECORDS,
	"Keep one TXT record at _dmarc under {domain}, with v=DMARC1 and p= first.",
	"Deje un solo registro TXT en _dmarc bajo {domain}, con v=DMARC1 y p= al principio.",
	SEND_AGAIN)
B(NOT_ALIGNED,
	"The From address is not aligned with what SPF or DKIM passed for.",
	"El remitente visible no está alineado con el dominio que superó SPF o DKIM.",
	"SPF or DKIM passed, but for another organisation's domain than that of the From address.",
	"SPF o DKIM fueron válidos, pero para el dominio de otra organización y no para el del remitente visible.",
	LOOK_AT_SOURCE,
	"Run the service's domain authentication for {domain} (usually 2 or 3 CNAME records). Its include in your SPF record does not align anything.",
	"Haga la autenticación de dominio del servicio para {domain} (normalmente 2 o 3 registros CNAME). Su include en el registro SPF no alinea nada.",
	SEND_AGAIN)
B(REQUIREMENTS,
	"{domain} does not meet what {provider} asks of those who send much mail.",
	"{domain} no cumple lo que {provider} exige a quien envía mucho correo.",
	"SPF and DKIM must both pass, a DMARC record must be published, and SPF or DKIM must be aligned with the From address. One of these is missing.",
	"SPF y DKIM deben ser válidos los dos, debe haber un registro DMARC publicado, y SPF o DKIM deben estar alineados con el remitente visible. Falta una de estas cosas.",
	"Read on in the same bounce: Microsoft often adds a line with the result of SPF, DKIM and DMARC.",
	"Siga leyendo el mismo rebote: Microsoft suele añadir una línea con el resultado de SPF, DKIM y DMARC.",
	LOOK_AT_SOURCE,
	SIGN,
	CHECK_RECORDS,
	SEND_AGAIN)
B(SPF_HARD_FAIL,
	"The sending address is not in the SPF record, which ends with -all.",
	"La dirección que envía no está en el registro SPF, que termina en -all.",
	"The bounce domain's SPF record says -all: no other server may send, and it does not list {address}.",
	"El registro SPF del dominio de rebote dice -all: ningún otro servidor puede enviar, y no incluye {address}.",
	LIST_OWN,
	SIGN,
	"Until every server is listed, end the record with ~all: DKIM and DMARC decide then.",
	"Mientras no estén todos los servidores, termine el registro con ~all: entonces deciden DKIM y DMARC.",
	CHECK_RECORDS,
	SEND_AGAIN)
B(SPF_FAILED,
	"SPF did not pass for the bounce domain.",
	"SPF no fue válido para el dominio de rebote.",
	"{address} is not listed in the SPF record of the domain in the bounce address.",
	"{address} no está en el registro SPF del dominio de la dirección de rebote.",
	LOOK_AT_SOURCE,
	LIST_OWN,
	CHECK_RECORDS,
	SEND_AGAIN)
B(SPF_BROKEN,
	"The SPF record could not be evaluated.",
	"No se pudo evaluar el registro SPF.",
	"There are two records, more than ten look-ups, a spelling mistake or a name that does not answer: receivers treat that as an error.",
	"Hay dos registros, más de diez consultas, una errata o un nombre que no responde: los receptores lo tratan como error.",
	CHECK_RECORDS,
	"Merge the records into one and take out includes that no source uses.",
	"Una los registros en uno solo y quite los include que ningún origen usa.",
	SEND_AGAIN)
B(DKIM_FAILED,
	"There was no valid DKIM signature.",
	"No había una firma DKIM válida.",
	"The mail was not signed, its key was not found, or it was changed after it was signed.",
	"El correo no iba firmado, no se encontró su clave o se modificó después de firmarlo.",
	LOOK_AT_SOURCE,
	"If it is signed, check that {selector}._domainkey exists under {domain} and holds the key of the signer (it is often lost when the DNS moves).",
	"Si va firmado, compruebe que {selector}._domainkey existe bajo {domain} y contiene la clave de quien firma (suele perderse al cambiar de DNS).",
	SIGN,
	"Let the last server that touches the mail sign it.",
	"Haga que firme el último servidor que toca el correo.",
	SEND_AGAIN)
B(SEVERAL_FAILED,
	"Several checks of the sender failed at once.",
	"Fallaron a la vez varias comprobaciones del remitente.",
	"The receiver refuses because more than one of SPF, DKIM and DMARC did not pass.",
	"El receptor rechaza porque no se superó más de una de SPF, DKIM y DMARC.",
	LOOK_AT_SOURCE,
	SIGN,
	LIST_OWN,
	CHECK_RECORDS,
	SEND_AGAIN)
B(REVERSE_DNS,
	"The sending address has no name in reverse DNS, or one that does not lead back.",
	"La dirección que envía no tiene nombre en el DNS inverso, o el nombre no conduce de vuelta a ella.",
	"This is not about SPF, DKIM or DMARC: the receiver asks that {address} has a PTR record with a name that leads back.",
	"No se trata de SPF, DKIM ni DMARC: el receptor exige que {address} tenga un registro PTR con un nombre que conduzca de vuelta.",
	"Ask whoever rents you {address} to set its PTR record, and publish the same name with an A or AAAA record.",
	"Pida a quien le alquila {address} que ponga su registro PTR y publique ese nombre con un registro A o AAAA.",
	"If only IPv6 is refused, set the PTR of the IPv6 address, or send over IPv4.",
	"Si solo se rechaza IPv6, ponga el PTR de la dirección IPv6 o envíe por IPv4.",
	SEND_AGAIN)
B(NOT_RECOGNISED,
	"Sorry: this text is not recognised.",
	"Lo sentimos: no se reconoce este texto.",
	"No code or sentence about SPF, DKIM or DMARC was found in it. The mail may have been refused for another reason: an unknown recipient, a full mailbox, a blocked address.",
	"No contiene ningún código ni frase sobre SPF, DKIM o DMARC. Puede que el correo se rechazara por otra razón: destinatario desconocido, buzón lleno o dirección bloqueada.",
	"Look for a line that begins with a number such as 550 or 554, often followed by 5.7. and one more number, and paste it with the lines around it.",
	"Busque una línea que empiece por un número como 550 o 554, a menudo seguido de 5.7. y otro número, y péguela con las líneas de alrededor.",
	"In a bounce message it stands after Diagnostic-Code: or after the words \"said:\"; in a server's log, at the end of the line.",
	"En un mensaje de rebote está detrás de Diagnostic-Code: o de la palabra «said:»; en el registro de un servidor, al final de la línea.")
#undef LOOK_AT_SOURCE
#undef SIGN
#undef LIST_OWN
#undef CHECK_RECORDS
#undef SEND_AGAIN
/* clang-format on */
