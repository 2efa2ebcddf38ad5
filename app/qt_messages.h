// What Qt says by itself: remarks on platform and fonts are for --verbose, and where Qt would end the program
// with a paragraph and an abort (no display that answers), it ends with one sentence and exit code 1.
#pragma once

#include "app/terminal.h"

namespace attnviz {

Error noDisplay();

// As long as this lives, Qt's messages go through `terminal`.
class QtMessages final {
 public:
    explicit QtMessages(Terminal& terminal);
    ~QtMessages();
    QtMessages(const QtMessages&) = delete;
    QtMessages& operator=(const QtMessages&) = delete;
};

}  // namespace attnviz
