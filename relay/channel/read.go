package channel

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/connector-relay/relay/relay/delivery"
)

// answer is what an endpoint said.
type answer struct {
	status int
	header http.Header
	// body is its beginning, as far as anybody needs it.
	body []byte
	// complete says that the body came to its end, or was long enough.
	complete bool
	// at is when it came.
	at time.Time
}

// reading is what an answer means.
type reading struct {
	delivery.Outcome
	// tooLarge says that a smaller card may be taken.
	tooLarge bool
}

// is returns the reading of an answer with this verdict.
func (a answer) is(v delivery.Verdict) reading {
	r := reading{Outcome: delivery.Outcome{Verdict: v, Status: a.status}}
	switch v {
	case delivery.VerdictDelivered, delivery.VerdictAccepted:
		return r
	}
	r.Detail = strings.TrimSuffix(fmt.Sprintf("%d %s: %s", a.status, http.StatusText(a.status), a.words()), ": ")
	r.RetryAfter = retryAfter(a.header, a.at)
	return r
}

// because is is with a sentence for the operator before the endpoint's own words.
func (a answer) because(v delivery.Verdict, sentence string) reading {
	r := a.is(v)
	r.Detail = sentence + " (" + r.Detail + ")"
	return r
}

func (a answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// byStatus reads an answer that is no success by its status: what HTTP says of it
// (RFC 9110), and who has to act.
func byStatus(a answer) reading {
	switch a.status {
	case http.StatusTooManyRequests:
		return a.is(delivery.VerdictThrottled)
	case http.StatusRequestEntityTooLarge:
		r := a.is(delivery.VerdictRejected)
		r.tooLarge = true
		return r
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		r := a.is(delivery.VerdictRejected)
		r.tooLarge = saysTooLarge(a.body)
		return r
	// Microsoft's own advice is to try again after a 412 from Teams:
	// https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked,
		http.StatusFailedDependency, http.StatusTooEarly, http.StatusMisdirectedRequest:
		return a.is(delivery.VerdictFailed)
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusProxyAuthRequired, http.StatusGone,
		http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusUpgradeRequired,
		http.StatusUnavailableForLegalReasons:
		return a.is(delivery.VerdictRefused)
	}
	switch {
	case a.status >= 300 && a.status <= 399:
		return a.because(delivery.VerdictRefused, redirected(a.header.Get("Location")))
	case a.status >= 400 && a.status <= 499:
		return a.is(delivery.VerdictRejected)
	}
	return a.is(delivery.VerdictFailed)
}

// redirected explains why an answer 3xx is not followed: a redirected POST may
// lose its body, and where a secret URL leads is for the operator to decide.
func redirected(location string) string {
	where := "elsewhere"
	if u, err := url.Parse(location); err == nil && u.Hostname() != "" {
		where = "to " + u.Hostname()
	}
	return "the endpoint redirects " + where + ", which is not followed; change the channel's url to where it leads"
}

// failedWith is how Office 365 connectors report, with status 200, that Teams did
// not take a card; the code follows (msteams-docs#402, #4145, #7425).
const failedWith = "returned HTTP error "

// embedded finds the status in the body of an answer that claims success.
func embedded(text string) (status int, found bool) {
	_, rest, found := strings.Cut(text, failedWith)
	if !found || len(rest) < 3 || len(rest) > 3 && rest[3] >= '0' && rest[3] <= '9' {
		return 0, false
	}
	status, err := strconv.Atoi(rest[:3])
	return status, err == nil && status >= 100
}

// readEmbedded reads such an answer by the status in its body.
func readEmbedded(a answer, status int) reading {
	r := byStatus(answer{status: status, header: a.header, body: a.body, complete: true, at: a.at})
	r.Status, r.Detail = a.status, string(a.body)
	return r
}

// readOffice365 reads the answer of an Office 365 connector or incoming webhook:
// success is status 200 with the number of cards it posted, which is 1, and errors
// come with status 200 too (msteams-docs#9698). For some days of 2023 it answered
// with how .NET writes a response down instead (go-teams-notify#197).
func readOffice365(a answer) reading {
	if !a.ok() {
		return byStatus(a)
	}
	text := strings.TrimSpace(string(a.body))
	status, found := embedded(text)
	switch {
	case isCount(text) && a.complete, a.dotNetSuccess():
		return a.is(delivery.VerdictDelivered)
	case found:
		return readEmbedded(a, status)
	case !a.complete:
		return a.because(delivery.VerdictUnknown, "the answer broke off")
	case a.status == http.StatusAccepted && text == "":
		return a.is(delivery.VerdictAccepted) // a Workflow, or what replaces it, at the old kind of address
	case strings.Contains(text, "delivery failed with error"):
		return a.is(delivery.VerdictFailed)
	case strings.Contains(text, "Summary or Text is required"), strings.Contains(text, "Bad payload received"):
		return a.is(delivery.VerdictRejected)
	case saysTooLarge(a.body) && !a.page():
		return a.tooLarge()
	}
	return a.wrongType(`"1" as an Office 365 webhook does`)
}

func (a answer) dotNetSuccess() bool {
	var e struct {
		Status  int  `json:"statusCode"`
		Success bool `json:"isSuccessStatusCode"`
	}
	a.decode(&e)
	return e.Success && e.Status == http.StatusOK
}

// isCount reports whether a text is a small number above 0.
func isCount(text string) bool {
	n, err := strconv.ParseUint(text, 10, 8)
	return err == nil && n > 0 && n < 10
}

// readTeams reads the answer of a Workflow. As it comes from its template it answers
// before the card is posted: 202 and nothing more, whatever the flow makes of the card
// (https://learn.microsoft.com/connectors/teams, "When a Teams webhook request is received").
//
// A flow whose author has added a Response action says whatever the author wrote
// (notify-microsoft-teams#98), so its words count when they say plainly that it
// went well. Others the channel's own answer has to name.
func readTeams(a answer) reading {
	if !a.ok() {
		if a.status == http.StatusBadRequest {
			if why := flowAtFault(a.body); why != "" {
				return a.because(delivery.VerdictRefused, why)
			}
		}
		return byStatus(a)
	}
	if status, found := embedded(string(a.body)); found {
		return readEmbedded(a, status)
	}
	if !a.complete {
		return a.wrongType("nothing")
	}
	switch a.claims() {
	case yes:
		return a.is(delivery.VerdictAccepted)
	case no:
		return a.saysNo()
	}
	switch text := strings.TrimSpace(string(a.body)); {
	case text == "", text == "{}":
		return a.is(delivery.VerdictAccepted)
	case a.page():
		return a.because(delivery.VerdictRefused, "something answers with a web page in place of the flow")
	}
	return a.because(delivery.VerdictRefused, "a flow answers nothing, or what its Response action says; if this means that the card was posted, "+
		"set the channel's answer to a part of it")
}

// flowAtFault says what is wrong with the flow or its URL when that, and not the
// card, is why a request is bad. The codes are those of Azure Logic Apps, on which
// Workflows run.
func flowAtFault(body []byte) string {
	text := string(body)
	switch {
	case strings.Contains(text, "WorkflowTriggerIsNotEnabled"):
		return "the flow is turned off; turn it on in Power Automate"
	case strings.Contains(text, "TriggerInputSchemaMismatch"):
		return "the flow wants another payload; change the channel's payload"
	case strings.Contains(text, "ApiVersionParameter"):
		return "the URL is not whole: its api-version is missing or wrong; copy it again"
	}
	return ""
}

// readWebhook reads the answer of an application of one's own by its status, as
// https://www.standardwebhooks.com says, unless it says no in so many words, or is
// a page: that comes from a sign-in, a portal or a proxy in front of the application.
func readWebhook(a answer) reading {
	switch {
	case !a.ok():
		return byStatus(a)
	case a.page():
		return a.because(delivery.VerdictRefused, "something answers with a web page in place of the application; if the application does, "+
			"set the channel's answer to a part of the page")
	case !a.complete && a.html():
		return a.because(delivery.VerdictUnknown, "the answer broke off")
	case a.claims() == no:
		return a.saysNo()
	}
	return a.is(delivery.VerdictDelivered)
}

// saysTooLarge reports whether an answer complains of the card's size.
func saysTooLarge(body []byte) bool {
	text := strings.ToLower(string(body))
	for _, words := range []string{
		"too large", "too big", "too long", "longer than", "sizeexceeded", "size exceeded", "size limit", "exceeds the maximum", "exceeded the maximum",
		"maximum size", "maximum length", "length limited", "fewer in length", "entitytoolarge",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// longestWait bounds what an endpoint can ask for; the lane has a lower bound still.
const longestWait = 365 * 24 * time.Hour

// retryAfter is how long the endpoint asks to wait: seconds or a date (RFC 9110,
// section 10.2.3); 0 when it does not say.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, longestWait.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(0, date.Sub(now)), longestWait)
	}
	return 0
}

// words are what a body says to a person: the usual fields of a JSON error, the
// title of a page, else the text.
func (a answer) words() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(a.body), "\uFFFD"))
	switch {
	case strings.HasPrefix(text, "{"):
		if words := errorWords(a.body, deepestError); words != "" {
			return words
		}
	case strings.HasPrefix(text, "<"):
		return title(text)
	}
	return text
}

// deepestError is how deep errors stand in each other; each level is read anew.
const deepestError = 3

// errorWords finds the sentence in a JSON error: at the top, or under "error", as
// Logic Apps and most web frameworks have it.
func errorWords(body []byte, depth int) string {
	var fields map[string]json.RawMessage
	if depth == 0 || json.Unmarshal(body, &fields) != nil {
		return ""
	}
	if inner := fields["error"]; len(inner) > 0 && inner[0] == '{' {
		if words := errorWords(inner, depth-1); words != "" {
			return words
		}
	}
	var list []string
	for _, name := range []string{"code", "errcode", "title", "error", "message", "msg", "detail", "description"} {
		var value string
		if json.Unmarshal(fields[name], &value) == nil && value != "" {
			list = append(list, value)
		}
	}
	return strings.Join(list, ": ")
}

// title is a page's title; the rest of a page says nothing in one line.
func title(page string) string {
	lower := strings.ToLower(page)
	start := strings.Index(lower, "<title")
	if start < 0 || len(lower) != len(page) {
		return "a web page"
	}
	_, rest, ok := strings.Cut(page[start:], ">")
	if !ok {
		return "a web page"
	}
	text, _, ok := strings.Cut(rest, "<")
	if text = strings.TrimSpace(text); !ok || text == "" {
		return "a web page"
	}
	return fmt.Sprintf("a web page titled %q", text)
}
