// The parts that every pane is built of: controls on top, one caption line below, a sentence when empty.
#pragma once

#include <QString>

class QBoxLayout;
class QFrame;
class QLabel;
class QWidget;

namespace attnviz::ui {

class ElidingLabel;

// A row 36 px high for controls; add to the returned widget's layout.
QWidget* controlRow(QWidget* parent, QBoxLayout*& row);
// A line at the foot: text on the left, and on the right what is elided first; plain.
QFrame* captionLine(QWidget* parent, QLabel*& left, ElidingLabel*& right);
// A label that takes any text as plain text. `role` as in the style sheet: "secondary", "caption", "title",
// "chip".
QLabel* plainLabel(const QString& text, const char* role, QWidget* parent);
// "Select a head in Heads.", centred.
QLabel* emptySentence(const QString& sentence, QWidget* parent);

}  // namespace attnviz::ui
