// One open document: a run with what is kept beside it, and how far a person has got in looking at it.
// Values, owned by the workspace; its current document is what the panes show.
#pragma once

#include <QString>
#include <optional>

#include "core/model/text_generation.h"
#include "core/session/session.h"
#include "ui/state/selection.h"

namespace attnviz::ui {

struct Document {
    int id = 0;  // never reused
    // In the prompt, perhaps edited since the run: the text, a second one, the target of a decoder apart.
    QString text, pair, target;
    std::optional<ModelInput> ids;  // what runs where there is no text: given on the command line
    Generation written;             // how the run was continued; no tokens: it was not
    QString path;                   // of the session file; empty if it has none
    Session session;                // its run is null where nothing was run or opened yet
    int source = 0;                 // which of the run's kinds of attention is shown
    Selection selection;
    bool modified = false;
    double running = -1;  // share of the run that is under way; below 0: none

    bool isEmpty() const { return session.run == nullptr; }
};

}  // namespace attnviz::ui
