package migrate

// firstParty are Microsoft's own connectors by their ids.
func firstParty() map[string]string {
	return map[string]string{
		"59a89157-2c61-48b0-8417-4e7d7328561e": "Asana",
		"dd63c2fc-4ea3-491a-9e74-fcc31f346478": "Azure DevOps",
		"2e29398f-1131-4d94-b79f-9c7aa1cfb672": "Azure DevOps Server",
		"1d71218a-92ad-4254-be15-c5ab7a3e4423": "Beeminder",
		"6b1a8900-b0d3-4436-99f1-55bcdf2e69bf": "Bitbucket Server",
		"ff184ce7-b7ac-47fc-829b-d5c1f6a701ae": "BMC TrueSight Pulse",
		"a6fb754a-8cf4-4722-8935-6bf46eab2c61": "Bugsnag",
		"3ad346cc-9648-493a-9afd-86dc22cc5692": "Chatra",
		"58376fa4-7632-480c-8666-2bb8c87125d8": "CheckMarket",
		"40e932e6-6c45-4084-9408-ead4311e9f9d": "Cloud 66",
		"aa183fd9-7104-46c4-af9f-9ee9b81d717e": "Jira Cloud",
		"d3193953-8111-4e58-a5a5-c1e717604f78": "Crashlytics",
		"2f4dc505-8eae-4dad-ad92-c6fed9e4857b": "Datadog",
		"462611d2-dc47-455d-b557-7dd65b5e98e1": "Doorbell",
		"be91182a-44da-4bb0-8920-d04d0318cf1d": "Enchant",
		"e68a6156-c7ca-42c6-b2e2-134ba4b7b887": "Forms",
		"37567f93-e2a7-4e2a-ad37-a9160fc62647": "GitHub",
		"ca319335-400e-43c1-bca4-b6c745ce3093": "GitHub Enterprise",
		"4fcf98ff-e696-44e3-b4df-a6aff076ee1b": "Google Analytics",
		"843d0408-1c8c-4c81-ba4f-15235e71c231": "GoSquared",
		"a12efe14-52d5-46be-a3ac-cbb5019f2d40": "Help Scout",
		"203a1e2c-26cc-47ca-83ae-be98f960b6b2": "Incoming Webhook",
		"8fd5dfb8-2fea-4741-bec6-2c7947cbccb2": "Jenkins",
		"da4f4b4c-c03b-4918-8afd-ab55045e31e2": "Nevercode",
		"081aafe0-930e-4fcd-9f17-c16f41eba4e0": "New Relic",
		"95f6081d-4007-4b49-92f0-f68c4ed02c52": "Pingdom",
		"b9ab160a-5e2c-40f5-a215-b0c7376ae479": "Promoter",
		"c18f658e-c34a-4ee8-ad19-a2cd51e59b71": "RSS",
		"3b08b627-1279-4d42-9409-329d321fda94": "Salesforce",
		"c7fd4cb3-9662-4ab1-b5a3-47af6e855d34": "SharePoint News",
		"b419163b-c31c-4051-b4fa-2956318ed6e2": "StatusPage.io",
		"db5e5970-212f-477f-a3fc-2227dc7782bf": "Viva Engage",
	}
}

// relayType is the connector type for a service of the gallery. Services that posted to a
// URL by themselves are webhooks. It is empty for those from which Microsoft fetched
// events with an account of its user.
func relayType(service string) string {
	switch column(service) {
	case "rss":
		return "rss"
	case "github", "githubenterprise":
		return "github"
	case "azuredevops", "azuredevopsserver", "visualstudioteamservices", "teamfoundationserver", "vsts", "tfs":
		return "azuredevops"
	case "trello":
		return "trello"
	case "twitter", "x":
		return "x"
	case "wunderlist", "todo", "microsofttodo":
		return "todo"
	case "asana", "beeminder", "forms", "microsoftforms", "googleanalytics", "salesforce", "sharepointnews", "vivaengage", "yammer":
		return ""
	}
	return "webhook"
}
