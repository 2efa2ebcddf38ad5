// Tokens with a bar and a number each, as tables of the window have them: one below another, in as many
// columns as there is room for. What has no room is counted in a last line.
#pragma once

#include <QString>
#include <QWidget>
#include <vector>

namespace attnviz::ui {

class TokenBars final : public QWidget {
    Q_OBJECT
 public:
    struct Bar {
        int index = 0;
        QString token;
        double value = 0;  // NaN: none
    };
    explicit TokenBars(QWidget* parent = nullptr);
    void setBars(std::vector<Bar> bars);
    int shown() const;  // of the bars, at this size

 protected:
    void paintEvent(QPaintEvent* event) override;

 private:
    struct Grid {
        int columns = 1, rows = 1;
        double rowHeight = 22;
    };
    Grid grid() const;
    std::vector<Bar> m_bars;
    double m_largest = 0;
};

}  // namespace attnviz::ui
