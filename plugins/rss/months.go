package rss

// months are the names of the months, in lower case without accents. English comes
// first, because three letters may start names in several languages.
func months() []string {
	return []string{
		"january february march april may june july august september october november december",
		"januar februar marz april mai juni juli august september oktober november dezember", // German
		"janner feber mrz april mai juni juli august sept oktober november dezember",
		"janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",          //nolint:misspell // French
		"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",      // Spanish
		"janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",      // Portuguese
		"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre", // Italian
		"januari februari maart april mei juni juli augustus september oktober november december",       // Dutch
		"januari februari mrt april maj juni juli augusti september oktober november december",          // Swedish
		"januar februar marts april maj juni juli august september oktober november desember",           // Danish, Norwegian
		"tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesakuuta heinakuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
		"stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia", // Polish
		"styczen luty marzec kwiecien maj czerwiec lipiec sierpien wrzesien pazdziernik listopad grudzien",
		"ledna unora brezna dubna kvetna cervna cervence srpna zari rijna listopadu prosince", // Czech
		"leden unor brezen duben kveten cerven cervenec srpen zari rijen listopad prosinec",
		"ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie", // Romanian
		"januar februar marcius aprilis majus junius julius augusztus szeptember oktober november december", // Hungarian
		"ocak subat mart nisan mayıs haziran temmuz agustos eylul ekim kasım aralık",                        // Turkish
		"января февраля марта апреля мая июня июля августа сентября октября ноября декабря",                 // Russian
		"январь февраль март апрель маи июнь июль август сентябрь октябрь ноябрь декабрь",
		"січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",                             // Ukrainian
		"ιανουαριου φεβρουαριου μαρτιου απριλιου μαιου ιουνιου ιουλιου αυγουστου σεπτεμβριου οκτωβριου νοεμβριου δεκεμβριου", // Greek
	}
}

// zones maps names of time zones to their offsets from UTC in minutes. An ambiguous
// name has the meaning that feeds give it.
func zones() map[string]int {
	return map[string]int{
		"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "met": 60, "mez": 60, "cest": 120, "mest": 120, "mesz": 120,
		"eet": 120, "eest": 180, "sast": 120, "msk": 180, "msd": 240, "trt": 180, "idt": 180, "pkt": 300, "ist": 330, "wib": 420, "ict": 420,
		"sgt": 480, "hkt": 480, "awst": 480, "jst": 540, "kst": 540, "acst": 570, "aest": 600, "acdt": 630, "aedt": 660, "nzst": 720, "nzdt": 780,
		"nst": -210, "ndt": -150, "brt": -180, "art": -180, "clt": -240, "at": -240, "ast": -240, "adt": -180, "et": -300, "est": -300, "edt": -240,
		"ct": -360, "cst": -360, "cdt": -300, "mt": -420, "mst": -420, "mdt": -360, "pt": -480, "pst": -480, "pdt": -420,
		"akst": -540, "akdt": -480, "hst": -600,
	}
}
