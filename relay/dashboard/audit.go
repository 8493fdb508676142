package dashboard

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (d *Dashboard) audit(r *http.Request) (answer, error) {
	query := r.URL.Query()
	f := store.AuditFilter{Who: query.Get("who"), Subject: query.Get("subject"), Limit: rowsPerPage + 1}
	f.Before, _ = strconv.ParseInt(query.Get("before"), 10, 64)
	list, err := d.relay.AuditLog(r.Context(), f)
	if err != nil {
		return nil, err
	}
	me, _ := access.From(r.Context())
	page := struct {
		Rows     []operator.Audited
		Asked    url.Values
		Narrowed bool
		// SeesAll says that the log is not only of what she has done herself.
		SeesAll bool
		Older   string
	}{list, query, f.Who != "" || f.Subject != "", me.SeesAll(), ""}
	if len(list) > rowsPerPage {
		page.Rows = list[:rowsPerPage]
		page.Older = with(query, "before", strconv.FormatInt(page.Rows[rowsPerPage-1].ID, 10))
	}
	return view{Template: "audit.html", Title: "Audit log", Page: page}, nil
}

func outcomeMark(outcome string) mark {
	switch outcome {
	case operator.Done:
		return mark{good, outcome}
	case operator.Refused:
		return mark{paused, outcome}
	}
	return mark{bad, outcome}
}
