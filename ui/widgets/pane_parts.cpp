#include "ui/widgets/pane_parts.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>

#include "ui/widgets/eliding_label.h"

namespace attnviz::ui {

QWidget* controlRow(QWidget* parent, QBoxLayout*& row) {
    auto* widget = new QWidget(parent);
    widget->setObjectName("paneControls");
    widget->setFixedHeight(36);
    row = new QHBoxLayout(widget);
    row->setContentsMargins(12, 0, 8, 0);
    row->setSpacing(8);
    return widget;
}

QFrame* captionLine(QWidget* parent, QLabel*& left, ElidingLabel*& right) {
    auto* frame = new QFrame(parent);
    frame->setObjectName("readOut");
    frame->setFixedHeight(28);
    auto* row = new QHBoxLayout(frame);
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(8);
    left = plainLabel({}, "caption", frame);
    right = new ElidingLabel("caption", frame);
    row->addWidget(left);
    row->addStretch(1);
    row->addWidget(right);
    return frame;
}

QLabel* plainLabel(const QString& text, const char* role, QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);
    label->setText(text);
    label->setProperty("role", role);
    return label;
}

QLabel* emptySentence(const QString& sentence, QWidget* parent) {
    auto* label = plainLabel(sentence, "secondary", parent);
    label->setAlignment(Qt::AlignCenter);
    label->setWordWrap(true);
    label->setMargin(16);
    return label;
}

}  // namespace attnviz::ui
