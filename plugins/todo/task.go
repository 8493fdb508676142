package todo

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/connector-relay/relay/relay/connector"
)

const (
	// maxID bounds an id, which is part of events' keys; Graph's have about 150
	// characters.
	maxID = 512
	// maxKept bounds how much of a title is remembered; To Do allows 255 characters.
	maxKept = 500
)

const completed = "completed"

// task is a task as Graph describes it (https://learn.microsoft.com/graph/api/resources/todotask).
type task struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	Status     string  `json:"status"`
	Importance string  `json:"importance"`
	Created    instant `json:"createdDateTime"`
	Modified   instant `json:"lastModifiedDateTime"`
	Due        dated   `json:"dueDateTime"`
	Completed  dated   `json:"completedDateTime"`
	Body       *struct {
		Content string `json:"content"`
		Type    string `json:"contentType"`
	} `json:"body"`
	Steps      *[]step  `json:"checklistItems"`
	Categories []string `json:"categories"`
	Removed    *removed `json:"@removed"`
}

// removed marks a deleted task.
type removed struct {
	Reason string `json:"reason"`
}

// step is one line of a task's checklist.
type step struct {
	Checked bool `json:"isChecked"`
}

// steps is the progress of a checklist.
type steps struct {
	Done int `json:"done"`
	Of   int `json:"of"`
}

func (s *steps) count(list []step) {
	*s = steps{Of: len(list)}
	for _, one := range list {
		if one.Checked {
			s.Done++
		}
	}
}

// instant is a time. Anything else is read as zero, so that one bad value does not spoil the rest.
type instant struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (i *instant) UnmarshalJSON(b []byte) error {
	if i.Time.UnmarshalJSON(b) != nil {
		i.Time = time.Time{}
	}
	return nil
}

// dated is Graph's time with a zone, which is UTC unless a request asks for another.
type dated struct {
	DateTime moment `json:"dateTime"`
}

// moment is a time in UTC as Graph writes it.
type moment string

func (m moment) time() time.Time {
	t, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(string(m), "Z"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// day returns the day of a due date; it is empty when there is none. A program sets a due
// day as midnight UTC. The app sets it as midnight in the person's zone, which Graph
// gives in UTC and so, east of Greenwich, as an hour of the day before
// (https://github.com/RogerSelwyn/MS365-ToDo/issues/29).
func (m moment) day(zone *time.Location) string {
	t := m.time()
	switch hour, minute, second := t.Clock(); {
	case t.IsZero():
		return ""
	case hour != 0 || minute != 0 || second != 0:
		t = t.In(zone)
	}
	return t.Format(time.DateOnly)
}

func parseTask(raw json.RawMessage) (task, bool) {
	var t task
	ok := connector.ParseJSON(raw, &t)
	t.Title = clip(t.Title)
	return t, ok && isID(t.ID)
}

func isID(s string) bool { return s != "" && len(s) <= maxID }

// clip turns a text into one line, short enough to remember.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxKept {
		s = string([]rune(s)[:maxKept])
	}
	return s
}

// state returns what to remember about a task. A delta may leave out whatever has not
// changed, except dates: a task without a date has no such member.
func (t task) state(old state, now time.Time) state {
	s := old
	if t.Title != "" {
		s.Title = t.Title
	}
	if t.Status != "" {
		s.Status = t.Status
	}
	if t.Importance != "" {
		s.Importance = t.Importance
	}
	if t.Body != nil {
		s.Body = digest(t.Body.Content)
	}
	if t.Steps != nil {
		s.Steps.count(*t.Steps)
	}
	s.Due = ""
	if at := t.Due.DateTime; !at.time().IsZero() && len(at) < maxID {
		s.Due = at
	}
	s.Done = time.Time{}
	if s.Status == completed {
		if s.Done = t.Completed.DateTime.time(); s.Done.IsZero() {
			s.Done = now
		}
	}
	return s
}

// digest returns a hash by which to tell whether a text changed; that of an empty text is empty.
func digest(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
