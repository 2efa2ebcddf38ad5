// A plain-text label that elides what does not fit, instead of cutting it or holding the window wide. The
// whole text is its tool tip then.
#pragma once

#include <QLabel>

namespace attnviz::ui {

class ElidingLabel final : public QLabel {
 public:
    ElidingLabel(const char* role, QWidget* parent);
    void setText(const QString& text);
    QString text() const { return m_whole; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

 protected:
    void resizeEvent(QResizeEvent* event) override;

 private:
    void elide();
    QString m_whole;
};

}  // namespace attnviz::ui
