people "github" {
  login "octocat" {
    teams   = "Mona Lisa"
    slack   = "mona"
    discord = "mona#1234"
    matrix  = "mona"
    ntfy    = "mona"
  }
  login "OctoCat" {
    name = "Again"
  }
  person "hubot" {}
}
