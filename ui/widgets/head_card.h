// A card beside the pointer: a head's pattern, its name, a few lines of numbers. Never under the pointer,
// never outside its parent, never in the way of the mouse.
#pragma once

#include <QImage>
#include <QStringList>
#include <QWidget>

namespace attnviz::ui {

class HeadCard final : public QWidget {
    Q_OBJECT
 public:
    explicit HeadCard(QWidget* parent);
    // A null image leaves its place empty: the pattern is still to come.
    void setHead(const QString& name, const QStringList& lines, const QImage& pattern);
    void showBeside(const QPointF& position);  // in the parent

    QSize sizeHint() const override;
    QString name() const { return m_name; }
    QImage pattern() const { return m_pattern; }

 protected:
    void paintEvent(QPaintEvent* event) override;

 private:
    QString m_name;
    QStringList m_lines;
    QImage m_pattern;
};

}  // namespace attnviz::ui
