// One line of facts with separators: plain words, strong numbers, tokens in the fixed font and their colours.
// Painted, not marked up: a token can contain anything.
#pragma once

#include <QWidget>
#include <vector>

namespace attnviz::ui {

struct ReadOutPart {
    enum class Kind { plain, strong, query, key, token, separator };
    Kind kind = Kind::plain;
    QString text;
    bool operator==(const ReadOutPart&) const = default;
};

class ReadOut final : public QWidget {
 public:
    explicit ReadOut(QWidget* parent = nullptr);
    void setParts(std::vector<ReadOutPart> parts, const QString& right = {});
    QString text() const;  // for tests and screen readers

 protected:
    void paintEvent(QPaintEvent* event) override;

 private:
    std::vector<ReadOutPart> fitting(double room) const;
    std::vector<ReadOutPart> m_parts;
    QString m_right;
};

}  // namespace attnviz::ui
