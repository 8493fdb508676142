relay {
}

relay {
}
