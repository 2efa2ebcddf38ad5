// A library that loads well and is no engine.
extern "C" int attnviz_empty_module() {
    return 0;
}
