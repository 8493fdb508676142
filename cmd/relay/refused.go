package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/store"
)

func (a *app) refusedCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "refused [CONNECTOR]",
		Short: "List the refused requests to hooks, newest first",
		Long:  "List the requests to hooks from which nothing was accepted, newest first: when, from where, and what the sender was told. Relay keeps the last hundred of each connector, for as long as `retention` says. Requests to unknown hook URLs are not included.",
		Args:  cobra.MaximumNArgs(1),
		RunE: a.ask(func(ctx context.Context, r operator.Relay, args []string) error {
			list, err := r.Refusals(ctx, strings.Join(args, ""))
			if err != nil {
				return err
			}
			return show(a, list, "LAST CONNECTOR FROM METHOD STATUS COUNT BYTES REASON", func(r store.Refusal) []string {
				return []string{
					when(r.Last), r.Connector, dash(r.Remote), r.Method, strconv.Itoa(r.Status), strconv.Itoa(r.Count), strconv.Itoa(r.Bytes), dash(short(r.Reason, 80)),
				}
			})
		}),
	}
}
