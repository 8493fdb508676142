package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/connector-relay/relay/relay/delivery"
	"github.com/connector-relay/relay/relay/store"
)

// hookCase is what one kind of sender posts, and what is right.
type hookCase struct {
	name string
	// form says that the body is a form, and zipped that it is sent compressed.
	form, zipped bool
	// own says that Teams gets a card of the sender's own in which there is something that
	// Teams takes and the library that judges it does not know.
	own  bool
	body string
	// status and answer are what the hook answers; "" allows any body.
	status int
	answer string
	// finds are the words and addresses that a person finds in every chat system, and
	// absent what none of them shows but the in-house application, which gets the
	// card as the sender wrote it.
	finds, absent []string
}

// The answers of the services whose payloads they are.
const (
	cardTaken     = "1"
	workflowTaken = "1"
	slackTaken    = "ok"
)

// envelope is what Workflows take: a message with attachments.
func envelope(kind, content, more string) string {
	return `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.` + kind + `","contentUrl":null,"content":` + content + `}` + more + `]}`
}

// adaptiveOf is an envelope with an Adaptive Card of this body.
func adaptiveOf(body string) string {
	return envelope("adaptive", `{"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.4","body":[`+body+`]}`, "")
}

func connectorCardCases() []hookCase {
	cases := []hookCase{
		{
			name:  "HTML in every section, as Microsoft documents it",
			body:  `{"@type":"MessageCard","@context":"https://schema.org/extensions","summary":"S","title":"Tags","sections":[{"text":"a <strong>fatword</strong> here"},{"text":"an <em>leanword</em>"},{"text":"a <strike>goneword</strike>"},{"text":"<h1>Topone</h1>\r<h2>Toptwo</h2>"},{"text":"list <ul><li>peach</li><li>plum</li></ul>"},{"text":"<ol><li>north</li><li>south</li></ol>"},{"text":"to <a href=\"https://docs.example/here\">the manual</a>"},{"text":"<img src=\"https://docs.example/frog.png\" alt=\"A green frog\"></img>"},{"text":"<pre>codeword</pre>"},{"text":"<p>para one</p><p>para two</p>"}]}`,
			finds: []string{"Tags", "fatword", "leanword", "goneword", "Topone", "Toptwo", "peach", "plum", "north", "south", "the manual", "https://docs.example/here", "https://docs.example/frog.png", "codeword", "para one", "para two"},
		},
		{
			name:  "Markdown whose lines end in a bare carriage return",
			body:  `{"@type":"MessageCard","summary":"S","title":"Marks","sections":[{"text":"a **fatword**"},{"text":"# One head\r## Two head\r"},{"text":"- pear \r- fig \r"},{"text":"1. first\r1. second \r"},{"text":"see [the manual](https://docs.example/md)"},{"text":"![A frog](https://docs.example/frog.png)"},{"text":"` + "`codeword x`" + `"},{"text":"para one\n\npara two"},{"text":">said so"}]}`,
			finds: []string{"fatword", "One head", "Two head", "pear", "fig", "first", "second", "the manual", "https://docs.example/md", "https://docs.example/frog.png", "codeword x", "para one", "para two", "said so"}, absent: []string{"\r"},
		},
		{
			name:  "HTML in the text of the card, with a table and entities",
			body:  `{"title":"Mixed","text":"uno<br>due<br/>tre<BR />quattro <b>fatword</b> <i>lean</i> <a href='https://h.example/a'>go on</a> <pre>pre one\ntwo</pre><ul><li>cherry</li></ul><table><tr><td>left</td><td>right</td></tr></table><p>last</p>&nbsp;&amp; 1 &lt; 2"}`,
			finds: []string{"uno", "due", "tre", "quattro", "fatword", "lean", "go on", "https://h.example/a", "pre one", "cherry", "left", "right", "last", "& 1 < 2"}, absent: []string{"unodue", "<b>fatword", "<td>", "<li>", "<pre>", "&nbsp;"},
		},
		{
			name:  "HTML in a fact",
			body:  `{"title":"Mixed","sections":[{"facts":[{"name":"Where","value":"<a href=\"https://h.example/f\">over there</a>"},{"name":"What","value":"eins<br>zwei"}]}]}`,
			finds: []string{"Where", "over there", "https://h.example/f", "What", "eins", "zwei"}, absent: []string{"<br", "<a href", "einszwei"},
		},
		{
			name:  "Zabbix, which sets markdown to the text false",
			body:  `{"themeColor":"E45959","summary":"Problem: Heat","sections":[{"markdown":"false","activityTitle":"Problem: heat is *far too high* on rack_07","text":"Began at 09:15<br>Host: rack_07<br>Severity: High<br>","facts":[{"name":"Event time","value":"09:15 2026.02.03"},{"name":"Host","value":"rack_07 [10.1.2.3]"}]}],"potentialAction":[{"@type":"OpenUri","name":"Event info","targets":[{"os":"default","uri":"https://zbx.example/ev.php?t=1&e=2"}]}]}`,
			finds: []string{"heat is *far too high* on rack_07", "Began at 09:15", "Host: rack_07", "Event time", "rack_07 [10.1.2.3]", "Event info", "https://zbx.example/ev.php?t=1&e=2"}, absent: []string{"<br"},
		},
		{name: "Microsoft's curl.exe, in single quotes", body: `{'text':'Greetings World'}`, finds: []string{"Greetings World"}},
		{name: "single quotes with one escaped", body: `{'title':'Quoted','text':'that\'s it'}`, finds: []string{"Quoted", "that's it"}},
		{
			name:  "Icinga, whose script puts the raw output into the JSON",
			body:  "{\"@type\":\"MessageCard\",\"summary\":\"S\",\"sections\":[{\"activityTitle\":\"**PROBLEM** ram on db7\",\"facts\":[{\"name\":\"Output\",\"value\":\"RAM CRITICAL - 9 MB (1%)\nmore here\tthere\"},{\"name\":\"When\",\"value\":\"2026-02-03\"}],\"markdown\":true}]}",
			finds: []string{"PROBLEM", "ram on db7", "Output", "RAM CRITICAL - 9 MB (1%)", "more here", "there", "2026-02-03"},
		},
		{name: "a raw new line", body: "{\"title\":\"Broken\",\"text\":\"upper\nlower\"}", finds: []string{"Broken", "upper", "lower"}, absent: []string{"upperlower"}},
		{name: "a NUL at the end", body: "{\"title\":\"Ended\",\"text\":\"blå é\"}\x00", finds: []string{"Ended", "blå é"}, absent: []string{"\x00"}},
		{name: "a compressed body", zipped: true, body: `{"title":"Zipped","text":"small"}`, finds: []string{"Zipped", "small"}},
		{name: "a list of lines as text", body: `{"title":"Lines","text":["upper","lower"]}`, finds: []string{"Lines", "upper", "lower"}, absent: []string{"upperlower"}},
		{
			name:  "prometheus-msteams, with an empty fact and escaped underscores",
			body:  `{"@type":"MessageCard","themeColor":"8C1A1A","summary":"S","title":"Alert (Firing)","sections":[{"activityTitle":"[db1 is full 90%](http://am.example:9093/a)","facts":[{},{"name":"alertname","value":"disk\\_nearly\\_full"},{"name":"instance","value":"10.8.4.1:9100"}],"markdown":true},{"activityTitle":"[db2 is full 91%](http://am.example:9093/b)","facts":[{},{"name":"instance","value":"10.8.4.2:9100"}],"markdown":true}]}`,
			finds: []string{"Alert (Firing)", "db1 is full 90%", "http://am.example:9093/a", "alertname", "disk_nearly_full", "10.8.4.1:9100", "db2 is full 91%", "http://am.example:9093/b", "10.8.4.2:9100"},
		},
		{name: "links in the activity's titles", body: `{"summary":"s","sections":[{"activityTitle":"Run [#77](https://ci.example/77) failed","activitySubtitle":"of [pond](https://git.example/pond)"}]}`, finds: []string{"Run", "#77", "https://ci.example/77", "failed", "pond", "https://git.example/pond"}},
		{name: "actions that cannot work are named", body: `{"title":"T","text":"x","potentialAction":[{"@type":"OpenUri","name":"Nowhere","targets":[]},{"@type":"Wobble","name":"Unheard"}]}`, finds: []string{"Nowhere", "Unheard"}},
		{name: "an action that writes mail", body: `{"title":"T","text":"x","potentialAction":[{"@type":"OpenUri","name":"Write us","targets":[{"os":"default","uri":"mailto:crew@example.com"}]}]}`, finds: []string{"Write us", "crew@example.com"}},
		{name: "an address beside the targets", body: `{"title":"T","text":"x","potentialAction":[{"@type":"OpenUri","name":"Open it","uri":"https://y.example/open"}]}`, finds: []string{"Open it", "https://y.example/open"}},
		{name: "a fact with a title for its name", body: `{"title":"T","sections":[{"facts":[{"title":"in place of","value":"val9"}]}]}`, finds: []string{"in place of", "val9"}},
		{name: "a fact whose name has a colon", body: `{"title":"T","sections":[{"facts":[{"name":"State:","value":"upset"}]}]}`, finds: []string{"State:", "upset"}, absent: []string{"State::"}},
		{name: "pictures given as addresses", body: `{"title":"T","text":"x","sections":[{"heroImage":"https://i.example/hero.png","text":"s","images":["https://i.example/one.png"]}]}`, finds: []string{"https://i.example/hero.png", "https://i.example/one.png"}},
	}
	for i := range cases {
		cases[i].status, cases[i].answer = http.StatusOK, cardTaken
	}
	return append(cases, hookCase{name: "blank text", body: `{"text":"   "}`, status: http.StatusBadRequest})
}

func slackCases() []hookCase {
	cases := []hookCase{
		{
			name:  "Alertmanager's slack_configs",
			body:  `{"channel":"#night","username":"Alertmanager","attachments":[{"title":"[FIRING:1] SlowDisk (db_01:9100)","title_link":"http://am.example:9093/#/alerts?receiver=s","text":"p99 > 5s &amp; growing on *disk*\n<http://run.example/slow|what to do>","fallback":"[FIRING:1]","callback_id":"","fields":[{"title":"Severity","value":"dire","short":true}],"actions":[{"type":"button","text":"Silence it","url":"http://am.example:9093/#/silences/new","style":"","name":"","value":""}],"footer":"the foot","color":"danger","mrkdwn_in":["text"]}]}`,
			finds: []string{"[FIRING:1] SlowDisk (db_01:9100)", "http://am.example:9093/#/alerts?receiver=s", "p99 > 5s & growing on", "disk", "what to do", "http://run.example/slow", "Severity", "dire", "Silence it", "http://am.example:9093/#/silences/new", "the foot"}, absent: []string{"<http"},
		},
		{
			name:  "Grafana's Slack contact point",
			body:  `{"channel":"#ops","username":"Grafana","icon_emoji":":rocket:","attachments":[{"title":"[FIRING:1] Ram_Full (Ops)","title_link":"http://graf.example/list","text":"**Firing**\n\nValue: A=81.5\nLabels:\n - alertname = Ram_Full\nSource: http://graf.example/view?orgId=1\nSilence: http://graf.example/new?a=grafana&m=x%3DRam_Full\n","fallback":"x","image_url":"https://graf.example/img/b.png","footer":"Grafana v11","ts":1764061200,"mrkdwn_in":["pretext"],"pretext":"<!channel|channel> <!subteam^S0123> <@U0456>"}]}`,
			finds: []string{"[FIRING:1] Ram_Full (Ops)", "http://graf.example/list", "Firing", "Value: A=81.5", "alertname = Ram_Full", "http://graf.example/view?orgId=1", "http://graf.example/new?a=grafana&m=x%3DRam_Full", "https://graf.example/img/b.png", "Grafana v11"}, absent: []string{"<!channel", "<!subteam", "<@U0456"},
		},
		{
			name:  "a link, marks, an entity and an emoji in a text",
			body:  `{"text":"<https://a.example/9|Press here> at last! *fatword* ~gone~ &lt;tag&gt; :tada:","channel":"#general","username":"bot","icon_emoji":":ghost:"}`,
			finds: []string{"Press here", "https://a.example/9", "at last!", "fatword", "gone", "<tag> 🎉"}, absent: []string{"<https", "|Press"},
		},
		{name: "Slack's form", form: true, body: "payload=" + url.QueryEscape(`{"channel":"#general","username":"bot","text":"See <https://s.example/2|that page> *soon*"}`), finds: []string{"See", "that page", "https://s.example/2", "soon"}, absent: []string{"<https"}},
		{name: "a form that nobody has encoded", form: true, body: `payload={"text":"RAM WARNING - free space: / 77 MB (5% inode=97%)"}`, finds: []string{"RAM WARNING - free space: / 77 MB (5% inode=97%)"}},
		{name: "only mrkdwn says that it is Slack's", body: `{"text":"Sale of *shoes* over <https://ci.example/3|the log>","mrkdwn":true}`, finds: []string{"Sale of shoes over", "the log", "https://ci.example/3"}, absent: []string{"<https"}},
		{
			name:  "Mattermost's Markdown with a table",
			body:  `{"channel":"town","username":"robot","icon_url":"https://mm.example/i.png","text":"#### Results of **June 3rd**\n<!channel> look at these.\n\n| Part | Run | Failed |\n|:---|:---:|:---|\n| Kitchen | 512 | :white_check_mark: none |\n","props":{"card":"x"}}`,
			finds: []string{"Results of June 3rd", "look at these.", "Part", "Failed", "Kitchen", "512", "✅ none"}, absent: []string{"<!channel"},
		},
		{
			name:  "a table block",
			body:  `{"blocks":[{"type":"table","rows":[[{"type":"raw_text","text":"Fruit"},{"type":"raw_text","text":"Weight"}],[{"type":"raw_text","text":"melon"},{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"two kilos"}]}]}]]}]}`,
			finds: []string{"Fruit", "Weight", "melon", "two kilos"},
		},
		{
			name:  "a date in rich text",
			body:  `{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"Falls due "},{"type":"date","timestamp":1764061200,"format":"{date_num}","fallback":"2025-11-25"}]}]}]}`,
			finds: []string{"Falls due", "2025-11-25"}, absent: []string{"{date_num}"},
		},
	}
	for i := range cases {
		cases[i].status, cases[i].answer = http.StatusOK, slackTaken
	}
	return cases
}

func workflowCases() []hookCase {
	cases := []hookCase{
		{
			name: "Grafana's Teams contact point",
			body: adaptiveOf(`{"type":"TextBlock","text":"[FIRING:1] Ram_Full (Ops)","color":"attention","size":"large","weight":"bolder","wrap":true},{"type":"TextBlock","text":"**Firing**\n\nValue: A=81.5\nLabels:\n - alertname = Ram_Full\nSource: http://graf.example/view?orgId=1\nSilence: http://graf.example/new?a=grafana&m=x%3DRam_Full\n","wrap":true},{"type":"ImageSet","images":[{"type":"Image","url":"https://graf.example/img/b.png","msTeams":{"allowExpand":true}}]},` +
				`{"type":"ActionSet","actions":[{"type":"Action.OpenUrl","title":"View it","url":"http://graf.example/list"}]}`),
			finds: []string{"[FIRING:1] Ram_Full (Ops)", "Firing", "Value: A=81.5", "alertname = Ram_Full", "http://graf.example/view?orgId=1", "https://graf.example/img/b.png", "View it", "http://graf.example/list"},
		},
		{
			name: "Zabbix, which writes booleans as texts", own: true,
			body:  envelope("adaptive", `{"type":"AdaptiveCard","version":"1.4","body":[{"type":"Container","items":[{"type":"TextBlock","size":"Medium","wrap":"true","weight":"Bolder","text":"Problem: heat on rack07"}],"style":"attention","bleed":true},{"type":"TextBlock","text":"Began at 09:15","wrap":"true"},{"type":"TextBlock","text":"","wrap":"true"},{"type":"TextBlock","text":"Original problem ID: 88","wrap":"true"}],"actions":[{"type":"Action.OpenUrl","title":"Event info","url":"https://zbx.example/ev.php?t=1&e=2"}]}`, ""),
			finds: []string{"Problem: heat on rack07", "Began at 09:15", "Original problem ID: 88", "Event info", "https://zbx.example/ev.php?t=1&e=2"},
		},
		{
			name:  "a hero card",
			body:  envelope("hero", `{"title":"Funicular","subtitle":"Lisbon","text":"A steep <b>railway</b> line","images":[{"url":"https://img.example/f.jpg"}],"buttons":[{"type":"openUrl","title":"Timetable","value":"https://lisbon.example/t"}]}`, ""),
			finds: []string{"Funicular", "Lisbon", "A steep", "railway", "line", "https://img.example/f.jpg", "Timetable", "https://lisbon.example/t"}, absent: []string{"<b>railway"},
		},
		{
			name:  "a receipt",
			body:  envelope("receipt", `{"title":"Jane Roe","facts":[{"key":"Order no","value":"9876"}],"items":[{"title":"Storage","price":"$ 12.30","quantity":"44"}],"total":"$ 20.80","tax":"$ 8.50","buttons":[{"type":"openUrl","title":"All of it","value":"https://shop.example/r"}]}`, ""),
			finds: []string{"Jane Roe", "Order no", "9876", "Storage", "$ 12.30", "44", "$ 20.80", "$ 8.50", "All of it", "https://shop.example/r"},
		},
		{name: "lists whose lines end in a bare carriage return", body: adaptiveOf(`{"type":"TextBlock","text":"Heading","weight":"bolder","size":"large"},{"type":"TextBlock","text":"- oak\r- elm\r- ash"},{"type":"TextBlock","text":"1. Red\r2. Amber"}`), finds: []string{"Heading", "oak", "elm", "ash", "Red", "Amber"}, absent: []string{"oak- elm"}},
		{name: "text beside the attachment", body: strings.Replace(adaptiveOf(`{"type":"TextBlock","text":"inside word"}`), `{"type":"message",`, `{"type":"message","text":"outside word","summary":"sum",`, 1), finds: []string{"inside word", "outside word"}},
		{name: "PowerShell, which unwraps a list of one", body: strings.NewReplacer(`"attachments":[`, `"attachments":`, `}]}}]}`, `}]}}}`).Replace(adaptiveOf(`{"type":"TextBlock","text":"only one"}`)), finds: []string{"only one"}},
		{name: "a carousel", own: true, body: adaptiveOf(`{"type":"Carousel","pages":[{"type":"CarouselPage","items":[{"type":"TextBlock","text":"leaf one"}]},{"type":"CarouselPage","items":[{"type":"TextBlock","text":"leaf two"}]}]}`), finds: []string{"leaf one", "leaf two"}},
		{
			name:  "columns that are a table",
			body:  adaptiveOf(`{"type":"TextBlock","text":"Heading","size":"large","weight":"bolder"},{"type":"ColumnSet","columns":[{"type":"Column","items":[{"type":"TextBlock","text":"Pod"},{"type":"TextBlock","text":"api"}]},{"type":"Column","items":[{"type":"TextBlock","text":"Fit"},{"type":"TextBlock","text":"yes7"}]},{"type":"Column","items":[{"type":"TextBlock","text":"Since"},{"type":"TextBlock","text":"6d"}]}]}`),
			finds: []string{"Heading", "Pod", "Fit", "Since", "api", "yes7", "6d"},
		},
		{
			name:  "a hidden element",
			body:  adaptiveOf(`{"type":"TextBlock","text":"Heading","size":"large","weight":"bolder"},{"type":"ColumnSet","columns":[{"type":"Column","id":"a","items":[{"type":"TextBlock","text":"shown at once"}]},{"type":"Column","id":"b","isVisible":false,"items":[{"type":"TextBlock","text":"shown later"}]}]}`),
			finds: []string{"Heading", "shown at once"},
		},
		{
			name:  "VeeamNotify, with facts side by side and a mention",
			body:  envelope("adaptive", `{"type":"AdaptiveCard","version":"1.4","body":[{"type":"ColumnSet","columns":[{"type":"Column","items":[{"type":"TextBlock","text":"**Weekly copy**"},{"type":"TextBlock","text":"Result: Warning"}]},{"type":"Column","width":"auto","items":[{"type":"Image","url":"https://raw.example/thumb.png","height":"80px"}]}]},{"type":"ColumnSet","columns":[{"type":"Column","items":[{"type":"FactSet","facts":[{"title":"Copy size","value":"7 GB"}]}]},{"type":"Column","items":[{"type":"FactSet","facts":[{"title":"Neck","value":"Network"},{"title":"Start","value":"9 May 10&#233;:00"}]}]}]},{"type":"TextBlock","text":"Notify v1 for <at>Bob</at>","isSubtle":true}],"msteams":{"entities":[{"type":"mention","text":"<at>Bob</at>","mentioned":{"id":"bob@example.com","name":"Bob"}}]}}`, ""),
			finds: []string{"Weekly copy", "Result: Warning", "https://raw.example/thumb.png", "Copy size", "7 GB", "Neck", "Network", "9 May 10é:00", "Notify v1 for", "Bob"},
		},
		{name: "a headline and a foot with a picture", body: adaptiveOf(`{"type":"TextBlock","text":"**Weekly copy**"},{"type":"ColumnSet","columns":[{"type":"Column","items":[{"type":"Image","url":"https://i.example/foot.png"}]},{"type":"Column","items":[{"type":"TextBlock","text":"Foot v2"}]}]}`), finds: []string{"Weekly copy", "https://i.example/foot.png", "Foot v2"}},
		{
			name: "Uptime Kuma, with a badge and two buttons", own: true,
			body:  adaptiveOf(`{"type":"Container","items":[{"type":"ColumnSet","style":"attention","columns":[{"type":"Column","width":"auto","items":[{"type":"Image","width":"32px","style":"Person","url":"https://raw.example/k.png","altText":"Kuma"}]},{"type":"Column","items":[{"type":"TextBlock","text":"**[Till] went down**","weight":"Bolder"},{"type":"TextBlock","text":"Kuma Alert","isSubtle":true}]}]}]},{"type":"FactSet","facts":[{"title":"Why","value":"connect ECONNREFUSED 127.0.0.1:8443"},{"title":"URL","value":"[https://till.example](https://till.example)"}]},{"type":"Container","items":[{"type":"Badge","text":"prod: us","style":"Accent"}]},{"type":"ActionSet","actions":[{"type":"Action.OpenUrl","title":"Visit Kuma","url":"https://kuma.example/d/1"},{"type":"Action.OpenUrl","title":"Visit Till","url":"https://till.example/x"}]}`),
			finds: []string{"[Till] went down", "Kuma Alert", "Why", "connect ECONNREFUSED 127.0.0.1:8443", "https://till.example", "prod: us", "Visit Kuma", "https://kuma.example/d/1", "Visit Till", "https://till.example/x"},
		},
		{
			name:  "Robusta, with links in text, three columns, blank texts and a picture as data",
			body:  adaptiveOf(`{"type":"TextBlock","text":"🔴 HIGH - **Failing pod api-2**","size":"extraLarge"},{"type":"TextBlock","text":"[🔎 Look](https://rob.example/look)  [🔕 Hush](https://rob.example/hush)"},{"type":"ColumnSet","columns":[{"type":"Column","items":[{"type":"TextBlock","text":" "},{"type":"TextBlock","text":" ","separator":true}]}]},{"type":"ColumnSet","columns":[{"type":"Column","items":[{"type":"TextBlock","text":"tag","weight":"bolder"},{"type":"TextBlock","text":"app"}]},{"type":"Column","items":[{"type":"TextBlock","text":"meaning","weight":"bolder"},{"type":"TextBlock","text":"shopfront"}]},{"type":"Column","items":[{"type":"TextBlock","text":"third","weight":"bolder"},{"type":"TextBlock","text":"z9"}]}]},{"type":"Container","id":"k","isVisible":false,"items":[{"type":"TextBlock","text":"log line A\n\nlog line B"}]},{"type":"ImageSet","images":[{"type":"Image","url":"data:image/png;base64,iVBORw0KGgo="}]}`),
			finds: []string{"HIGH - Failing pod api-2", "Look", "https://rob.example/look", "Hush", "https://rob.example/hush", "tag", "meaning", "shopfront", "z9"},
		},
		{name: "a picture as an attachment", body: envelope("adaptive", `{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":"cardword"}]}`, `,{"contentType":"image/png","contentUrl":"https://i.example/att.png","name":"att.png"}`), finds: []string{"cardword", "https://i.example/att.png"}},
	}
	for i := range cases {
		cases[i].status, cases[i].answer = http.StatusAccepted, workflowTaken
	}
	return cases
}

// TestWhatSendersReallyPostArrivesInEveryChat: one relay with channels of every type
// answers each sender as the sender wants it, and every chat system gets a payload that
// is right by its rules and says what the sender has said.
func TestWhatSendersReallyPostArrivesInEveryChat(t *testing.T) {
	all := answering()
	for name, s := range all {
		s.throttle = nil
		if name == "discord" {
			s.good = say(http.StatusOK, `{"id":"1"}`)
		}
		all[name] = s
	}
	c := chatsOf(t, all)
	p := startRelay(t, writeConfig(t, chatsConfig(c.URL)))
	hook := p.hook("ci")
	for _, row := range append(append(connectorCardCases(), slackCases()...), workflowCases()...) {
		t.Run(row.name, func(t *testing.T) {
			p.t = t
			before := make(map[string]int)
			for name := range all {
				before[name] = len(c.arrived(name))
			}
			if status, answer := row.post(t, hook); status != row.status || row.answer != "" && answer != row.answer {
				t.Fatalf("the hook answers %d %q, want %d %q", status, answer, row.status, row.answer)
			}
			p.eventually("nothing waits", func() bool {
				waiting, err := p.client.Deliveries(t.Context(), store.Filter{States: []delivery.State{delivery.Waiting}, Limit: 1})
				if err != nil {
					t.Fatal(err)
				}
				return len(waiting) == 0
			})
			for name := range all {
				row.judge(t, name, c.arrived(name)[before[name]:])
			}
			for _, fault := range c.blamed() {
				if !row.own || !strings.HasPrefix(fault, "teams: ") {
					t.Error(tail(fault))
				}
			}
		})
	}
	p.t = t
	p.stop()
}

// post sends the case and returns what the hook answers.
func (h hookCase) post(t *testing.T, hook string) (status int, answer string) {
	t.Helper()
	body, header := []byte(h.body), http.Header{"Content-Type": {"application/json"}}
	if h.form {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if h.zipped {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(body)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		body = b.Bytes()
		header.Set("Content-Encoding", "gzip")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(said)
}

// judge says what a chat system's payloads lack, or have too much.
func (h hookCase) judge(t *testing.T, system string, payloads []string) {
	t.Helper()
	if (len(payloads) > 0) != (h.status/100 == 2) {
		t.Fatalf("%s: an answer of %d, and %d payloads", system, h.status, len(payloads))
	}
	var read strings.Builder
	for _, payload := range payloads {
		read.WriteString(reading(system, payload))
	}
	shown := read.String()
	for _, words := range h.finds {
		if !strings.Contains(plain(shown), plain(words)) {
			t.Errorf("%s does not say %q:\n%s", system, words, shown)
		}
	}
	for _, words := range h.absent {
		if system != "webhook" && strings.Contains(shown, words) {
			t.Errorf("%s says %q:\n%s", system, words, shown)
		}
	}
}

var (
	htmlTag   = regexp.MustCompile(`<[^<>]*>`)
	tagTarget = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	angled    = regexp.MustCompile(`<(https?:[^<>|]*|mailto:[^<>|]*)(?:\|([^<>]*))?>`)
)

// reading is all that a payload says, one text a line, by the marks of its system as far
// as those look like a sender's mistakes: Matrix and Google Chat have HTML, Slack and
// Google Chat links in angle brackets.
func reading(system, payload string) string {
	if system == "zulip" {
		form, _ := url.ParseQuery(payload)
		return form.Get("topic") + "\n" + form.Get("content") + "\n"
	}
	var b strings.Builder
	dec := json.NewDecoder(strings.NewReader(payload))
	for {
		token, err := dec.Token()
		if err != nil {
			return b.String()
		}
		text, ok := token.(string)
		if !ok {
			continue
		}
		switch system {
		case "slack", "googlechat":
			text = angled.ReplaceAllString(text, "$2 $1")
		}
		switch system {
		case "matrix", "hookshot", "googlechat":
			text = htmlTag.ReplaceAllStringFunc(text, htmlTarget)
		}
		switch system {
		case "matrix", "hookshot", "googlechat", "slack":
			text = html.UnescapeString(text)
		}
		b.WriteString(text + "\n")
	}
}

// htmlTarget is what stays of a tag: where it leads to, or that it begins a line.
func htmlTarget(tag string) string {
	if target := tagTarget.FindStringSubmatch(tag); target != nil {
		return " " + target[1] + " "
	}
	if strings.HasPrefix(tag, "<br") {
		return "\n"
	}
	return ""
}

// plain is a text without marks, escapes and invisible characters, and with one space
// for all others.
func plain(text string) string {
	text = strings.NewReplacer(`\`, "", "*", "", "_", "", "~", "", "`", "", "\u200b", "", "\u200c", "", "\u2060", "", "\ufeff", "", "\u200e", "").Replace(html.UnescapeString(text))
	return strings.Join(strings.Fields(text), " ")
}
