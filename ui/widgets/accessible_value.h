// What a screen reader is told of a widget that paints what it shows: what it is, and what is chosen or under
// the pointer in it. Qt knows a name for any widget, but takes a painted one for an empty box.
#pragma once

#include <QAccessible>

class QString;
class QWidget;

namespace attnviz::ui {

// First thing in the widget's constructor: Qt keeps what it once found, and already a name makes it look.
void setAccessibleRole(QWidget& widget, QAccessible::Role role);

// The value, and the description too: some screen readers know values of numbers only. Said aloud while the
// widget has the keyboard.
void setAccessibleValue(QWidget& widget, const QString& value);

}  // namespace attnviz::ui
