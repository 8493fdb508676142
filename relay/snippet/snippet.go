// Package snippet writes the few lines with which a program posts a card to a hook URL, in
// the languages that people ask for. The URL is data: whatever it holds, it stays one text
// in the line where it stands.
package snippet

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Snippet is a small program.
type Snippet struct {
	// Name is what people call its language.
	Name string
	Code string
}

// Card is what a snippet posts.
type Card struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// All returns a snippet in each language that posts a card to a hook URL.
func All(hook string, c Card) []Snippet {
	return []Snippet{
		{"curl", fill(curl, shell, hook, c)},
		{"PowerShell", fill(powerShell, powerShellText, hook, c)},
		{"Python", fill(python, strconv.QuoteToASCII, hook, c)},
		{"Go", fill(golang, strconv.Quote, hook, c)},
	}
}

// fill puts quoted texts into a snippet.
func fill(code string, quote func(string) string, hook string, c Card) string {
	var body strings.Builder
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(c) // a struct of two texts always has a JSON form
	return strings.NewReplacer("HOOK", quote(hook), "BODY", quote(strings.TrimSpace(body.String())), "TITLE", quote(c.Title), "TEXT", quote(c.Text)).Replace(code)
}

// shell quotes for POSIX shells: between single quotes everything but one of them is itself.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// powerShellText quotes for PowerShell, which takes typographic quotes for single ones; a
// doubled one is itself.
func powerShellText(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

// --globoff: brackets and braces in an address are no patterns.
const curl = `curl --globoff --fail-with-body \
  -H 'Content-Type: application/json' \
  -d BODY \
  HOOK`

// Bytes, because Windows PowerShell 5 would send a text in Latin-1.
const powerShell = `$card = @{ title = TITLE; text = TEXT } | ConvertTo-Json
Invoke-RestMethod -Method Post -Uri HOOK ` + "`" + `
  -ContentType 'application/json; charset=utf-8' ` + "`" + `
  -Body ([Text.Encoding]::UTF8.GetBytes($card))`

const python = `import json, urllib.request

card = {"title": TITLE, "text": TEXT}
request = urllib.request.Request(
    HOOK,
    data=json.dumps(card).encode(),
    headers={"Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:
    print(answer.read().decode())`

const golang = `package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
)

func main() {
	card, err := json.Marshal(map[string]string{"title": TITLE, "text": TEXT})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := http.Post(HOOK, "application/json", bytes.NewReader(card))
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
}`
